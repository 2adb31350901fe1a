//! The sample data set is what the demo, the sample workspace and the documentation say it is.
#![allow(clippy::unwrap_used)]

use firn_testbed::Cluster;

const SAMPLE: &str = include_str!("../../../sql/postgres/sample.sql");
const TABLES: [&str; 6] = ["customers", "products", "orders", "order_items", "shipments", "tickets"];

#[test]
fn the_sample_is_the_same_at_every_load_whatever_the_session_is_set_to() {
    let cluster = Cluster::shared().unwrap();
    let digests =
        TABLES.map(|table| format!("SELECT '{table}', md5(string_agg(t::text, ',' ORDER BY id)) FROM {table} t;"));
    let digest = |database: &str| {
        cluster.psql(database, &format!("SET TimeZone = 'UTC'; SET datestyle = 'ISO'; {}", digests.concat())).unwrap()
    };
    cluster.database("plain").unwrap();
    cluster.psql("plain", SAMPLE).unwrap();
    cluster.psql("postgres", "CREATE DATABASE odd TEMPLATE template0 LOCALE 'C'").unwrap();
    let settings = "ALTER DATABASE odd SET TimeZone = 'Asia/Kathmandu'; ALTER DATABASE odd SET datestyle = 'SQL, DMY'; \
                    ALTER DATABASE odd SET search_path = pg_catalog; ALTER DATABASE odd SET extra_float_digits = 0";
    cluster.psql("postgres", settings).unwrap();
    cluster.psql("odd", SAMPLE).unwrap();
    let set = "SET search_path = public; SET extra_float_digits = 1;";
    let odd = cluster.psql("odd", &format!("{set} SET TimeZone = 'UTC'; SET datestyle = 'ISO'; {}", digests.concat()));
    assert_eq!(digest("plain"), odd.unwrap());
}

#[test]
fn the_sample_holds_what_its_header_promises() {
    let cluster = Cluster::shared().unwrap();
    cluster.database("shop").unwrap();
    cluster.psql("shop", SAMPLE).unwrap();
    let ask = |sql: &str| cluster.psql("shop", sql).unwrap();
    let counts = TABLES.map(|table| ask(&format!("SELECT count(*) FROM {table}")).parse::<u32>().unwrap());
    assert!((55_000..=65_000).contains(&counts.iter().sum::<u32>()), "{counts:?}");
    assert_eq!(ask("SELECT count(*) FROM tickets WHERE updated_at IS NULL"), "48");
    assert_eq!(ask("SELECT count(*) FROM orders GROUP BY updated_at ORDER BY 1 DESC LIMIT 1"), "2500");
    assert_eq!(
        ask(
            "SELECT count(*) FROM orders o WHERE total IS DISTINCT FROM (SELECT sum((quantity * unit_price * (1 - discount::numeric))::numeric(12, 2)) FROM order_items WHERE order_id = o.id)"
        ),
        "0"
    );
    let sql = "SELECT string_agg(DISTINCT t.typname, ' ' ORDER BY t.typname) FROM pg_attribute a \
               JOIN pg_type t ON t.oid = a.atttypid JOIN pg_class c ON c.oid = a.attrelid \
               WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND t.typtype = 'b'";
    assert_eq!(
        ask(sql),
        "_int4 _numeric _text _timestamptz _varchar bool bpchar bytea date float4 float8 int2 int4 int8 json jsonb \
         numeric text time timestamp timestamptz uuid varchar"
    );
    for table in TABLES {
        let indexed = format!(
            "SELECT count(*) FROM pg_indexes WHERE tablename = '{table}' AND indexdef LIKE '%(updated_at, id)'"
        );
        assert_eq!(ask(&indexed), "1", "{table}");
        let touched = format!(
            "BEGIN; UPDATE {table} SET updated_at = '1999-01-01' WHERE id = (SELECT id FROM {table} LIMIT 1); \
             SELECT count(*) FROM {table} WHERE updated_at = now(); ROLLBACK;"
        );
        assert_eq!(ask(&touched), "1", "{table}");
    }
    assert_eq!(
        ask(
            "INSERT INTO products SELECT * FROM products LIMIT 0; INSERT INTO order_items (order_id, product_id, quantity, unit_price, discount, gift_wrap) VALUES (1, 1, 1, 1, 0, false) RETURNING id > 29147"
        ),
        "t"
    );
}
