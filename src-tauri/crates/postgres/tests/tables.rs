//! Introspection and discovery against a real server.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use firn_catalog::{Dialect, Numeric, PgType, TableName, Verdict};
use firn_connector::{ErrorKind, Level, Relation, Result, SetBy, Source, SourceTable, TableAdvice};
use firn_postgres::{DiscoveredTable, PgSettings, PostgresSource, TlsMode, discover};
use firn_testbed::Cluster;
use std::collections::BTreeMap;

fn settings(cluster: &Cluster, user: &str) -> PgSettings {
    let mut settings = PgSettings::new(cluster.host(), "postgres", user);
    settings.port = cluster.port();
    settings.tls = TlsMode::Disable;
    settings
}

async fn source_after(sql: &str) -> (&'static Cluster, PostgresSource) {
    let cluster = Cluster::shared().unwrap();
    cluster.psql("postgres", sql).unwrap();
    (cluster, PostgresSource::open(&settings(cluster, "postgres"), 2).await.unwrap())
}

async fn inspect(source: &PostgresSource, name: &str) -> SourceTable {
    source.inspect(&TableName::parse(name).unwrap(), &BTreeMap::new(), None).await.unwrap()
}

async fn with_expressions(source: &PostgresSource, list: &[(&str, &str)], filter: Option<&str>) -> Result<SourceTable> {
    let expressions = list.iter().map(|(column, sql)| ((*column).to_owned(), (*sql).to_owned())).collect();
    source.inspect(&TableName::new("public", "t"), &expressions, filter).await
}

const EVERY_TYPE: &str = r#"
    CREATE TYPE mood AS ENUM ('sad', 'ok');
    CREATE SCHEMA "odd.schema";
    CREATE DOMAIN "odd.schema".money_amount AS numeric(12,2);
    CREATE DOMAIN strict AS "odd.schema".money_amount NOT NULL;
    CREATE DOMAIN moods AS mood[];
    CREATE TYPE pair AS (a int, b int);
    CREATE TABLE t (
        c_bool bool, c_int2 int2, c_int4 int4, c_int8 int8, c_float4 float4, c_float8 float8,
        c_numeric numeric, c_decimal numeric(12,2), c_text text, c_varchar varchar, c_varchar9 varchar(9), c_char3 char(3),
        c_bytea bytea, c_date date, c_time time(3), c_timestamp timestamp, c_timestamptz timestamptz(0), c_uuid uuid,
        c_json json, c_jsonb jsonb, c_enum mood, c_domain "odd.schema".money_amount, c_domain2 strict,
        c_ints int4[], c_decimals numeric(5,1)[][], c_enums mood[], c_domains "odd.schema".money_amount[], c_moods moods,
        c_point point, c_points point[], c_pair pair, c_vector int2vector, c_timetz timetz, c_range int4range,
        c_name name, c_interval interval
    );
"#;

#[tokio::test]
async fn every_type_is_resolved_or_named() {
    let (_, source) = source_after(EVERY_TYPE).await;
    let table = inspect(&source, "public.t").await;
    let decimal = |precision, scale| PgType::Numeric(Some(Numeric { precision, scale }));
    let money = || PgType::Domain("\"odd.schema\".money_amount".into(), Box::new(decimal(12, 2)));
    let mood = || PgType::Enum("public.mood".into());
    let array = |item| PgType::Array(Box::new(item));
    let other = |oid, name: &str| PgType::Other { oid, name: name.into() };
    let expected = [
        ("c_bool", PgType::Bool),
        ("c_int2", PgType::Int2),
        ("c_int4", PgType::Int4),
        ("c_int8", PgType::Int8),
        ("c_float4", PgType::Float4),
        ("c_float8", PgType::Float8),
        ("c_numeric", PgType::Numeric(None)),
        ("c_decimal", decimal(12, 2)),
        ("c_text", PgType::Text),
        ("c_varchar", PgType::Varchar(None)),
        ("c_varchar9", PgType::Varchar(Some(9))),
        ("c_char3", PgType::Char(Some(3))),
        ("c_bytea", PgType::Bytea),
        ("c_date", PgType::Date),
        ("c_time", PgType::Time),
        ("c_timestamp", PgType::Timestamp),
        ("c_timestamptz", PgType::Timestamptz),
        ("c_uuid", PgType::Uuid),
        ("c_json", PgType::Json),
        ("c_jsonb", PgType::Jsonb),
        ("c_enum", mood()),
        ("c_domain", money()),
        ("c_domain2", PgType::Domain("public.strict".into(), Box::new(money()))),
        ("c_ints", array(PgType::Int4)),
        ("c_decimals", array(array(decimal(5, 1)))),
        ("c_enums", array(mood())),
        ("c_domains", array(money())),
        ("c_moods", PgType::Domain("public.moods".into(), Box::new(array(mood())))),
        ("c_point", PgType::Point),
        ("c_points", array(PgType::Point)),
        ("c_vector", other(22, "int2vector")),
        ("c_timetz", PgType::Timetz),
        ("c_range", PgType::Range("pg_catalog.int4range".into(), Box::new(PgType::Int4))),
        ("c_name", PgType::Name),
        ("c_interval", PgType::Interval),
    ];
    for (name, ty) in expected {
        let column = table.columns.iter().find(|column| column.name == name).unwrap();
        assert_eq!(column.ty, ty, "{name}");
        assert_eq!(column.not_null, name == "c_domain2", "{name}");
    }
    let pair = table.columns.iter().find(|column| column.name == "c_pair").unwrap();
    assert!(
        matches!(&pair.ty, PgType::Composite(name, parts) if name == "public.pair" && parts.len() == 2),
        "{:?}",
        pair.ty
    );
    assert_eq!(table.columns.len(), 36);
}

#[tokio::test]
async fn keys_indexes_and_clocks() {
    let sql = r#"
        CREATE TABLE t (
            tenant int NOT NULL, id int8 GENERATED ALWAYS AS IDENTITY, code text NOT NULL, maybe int, late int NOT NULL,
            partial int NOT NULL, dropped int, twice int GENERATED ALWAYS AS (late * 2) STORED,
            updated_at timestamptz NOT NULL DEFAULT now(), seen timestamp DEFAULT (now() AT TIME ZONE 'America/New_York'),
            expires timestamptz DEFAULT now() + interval '1 day', day date DEFAULT CURRENT_DATE, never timestamptz,
            PRIMARY KEY (tenant, id));
        ALTER TABLE t DROP COLUMN dropped;
        CREATE UNIQUE INDEX ON t (code) INCLUDE (maybe);
        CREATE UNIQUE INDEX ON t (maybe);
        ALTER TABLE t ADD UNIQUE (late) DEFERRABLE;
        CREATE UNIQUE INDEX ON t (partial) WHERE partial > 0;
        CREATE UNIQUE INDEX ON t (lower(code));
        CREATE INDEX ON t (updated_at, id);
        CREATE INDEX ON t (seen) WHERE maybe > 0;
        CREATE INDEX ON t USING brin (expires);
        CREATE INDEX ON t (id, day);
    "#;
    let (_, source) = source_after(sql).await;
    let table = inspect(&source, "public.t").await;
    assert_eq!(table.relation, Relation::Table);
    assert_eq!(table.primary_key, ["tenant", "id"]);
    assert_eq!(table.unique_keys, [vec!["tenant".to_owned(), "id".into()], vec!["code".into()]]);
    let names: Vec<&str> = table.columns.iter().map(|c| c.name.as_str()).collect();
    assert!(!names.contains(&"dropped") && names.len() == 12, "{names:?}");
    assert_eq!(table.columns.iter().filter(|c| c.generated).map(|c| c.name.as_str()).collect::<Vec<_>>(), ["twice"]);
    let facts = |name: &str| (table.watermarks[name].indexed, table.watermarks[name].clock_default);
    assert_eq!(facts("updated_at"), (true, true));
    assert_eq!(facts("seen"), (false, true));
    assert_eq!(facts("expires"), (false, false));
    assert_eq!(facts("day"), (false, true));
    assert_eq!(facts("never"), (false, false));
    assert_eq!(facts("id"), (true, false));
    assert!(!table.watermarks.contains_key("code"));
    assert!(!table.row_security);
}

#[tokio::test]
async fn storage_and_its_identity() {
    let sql = "CREATE TABLE t (id int PRIMARY KEY, body text) WITH (fillfactor = 10);
               INSERT INTO t SELECT g, repeat('x', 200) FROM generate_series(1, 1000) g;
               CREATE TABLE parent (id int); CREATE TABLE child () INHERITS (parent);";
    let (cluster, source) = source_after(sql).await;
    let before = inspect(&source, "public.t").await;
    assert_eq!(before.estimated_rows, -1);
    assert!(before.pages > 100 && before.bytes >= i64::from(before.pages) * 8192, "{} {}", before.pages, before.bytes);
    assert!(before.page_ranges);
    cluster.psql("postgres", "ANALYZE t").unwrap();
    let analysed = inspect(&source, "public.t").await;
    assert_eq!((analysed.estimated_rows, &analysed.generation), (1000, &before.generation));
    cluster.psql("postgres", "VACUUM FULL t").unwrap();
    let rewritten = inspect(&source, "public.t").await;
    assert_ne!(rewritten.generation, before.generation);
    cluster.psql("postgres", "TRUNCATE t").unwrap();
    let emptied = inspect(&source, "public.t").await;
    assert_ne!(emptied.generation, rewritten.generation);
    assert_eq!(emptied.pages, 0);
    assert!(!inspect(&source, "public.parent").await.page_ranges, "a child has pages under the same numbers");
    assert!(inspect(&source, "public.child").await.page_ranges);
}

#[tokio::test]
async fn views_partitions_foreign_tables_and_odd_names() {
    let sql = r#"
        CREATE TABLE "Odd ""Table" ("Id" int PRIMARY KEY);
        CREATE VIEW v AS SELECT * FROM "Odd ""Table";
        CREATE MATERIALIZED VIEW m AS SELECT 1 AS x;
        CREATE TABLE p (id int, at timestamptz, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
        CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
        CREATE TABLE p2 PARTITION OF p FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
        INSERT INTO p SELECT g, '2024-06-01' FROM generate_series(1, 100) g;
        INSERT INTO p SELECT g, '2025-06-01' FROM generate_series(1, 50) g;
        ANALYZE p;
        CREATE EXTENSION postgres_fdw;
        CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw;
        CREATE FOREIGN TABLE f (id int) SERVER s;
        CREATE SEQUENCE q;
    "#;
    let (_, source) = source_after(sql).await;
    let odd = inspect(&source, "public.\"Odd \"\"Table\"").await;
    assert_eq!((odd.name.name.as_str(), odd.primary_key.as_slice()), ("Odd \"Table", &["Id".to_owned()][..]));
    let view = inspect(&source, "public.v").await;
    assert_eq!((view.relation, view.pages, view.page_ranges), (Relation::View, 0, false));
    assert_eq!(inspect(&source, "public.m").await.relation, Relation::View);
    let partitioned = inspect(&source, "public.p").await;
    assert_eq!((partitioned.relation, partitioned.page_ranges), (Relation::Partitioned, false));
    assert_eq!((partitioned.estimated_rows, partitioned.primary_key.len()), (150, 2));
    assert!(partitioned.bytes >= 16_384);
    assert_eq!(inspect(&source, "public.p1").await.relation, Relation::Table);
    assert_eq!(inspect(&source, "public.f").await.relation, Relation::Foreign);
    // Without a schema the search path decides, and the answer has the schema.
    assert_eq!(inspect(&source, "p").await.name, TableName::new("public", "p"));
    let name = |text: &str| TableName::parse(text).unwrap();
    let error = source.inspect(&name("public.q"), &BTreeMap::new(), None).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Configuration);
    for missing in ["public.P", "nowhere.p", "public.\"p; DROP TABLE p\""] {
        let error = source.inspect(&name(missing), &BTreeMap::new(), None).await.unwrap_err();
        assert_eq!((error.kind, error.table), (ErrorKind::NotFound, Some(name(missing).to_string())));
    }
}

#[tokio::test]
async fn a_table_one_may_not_read_is_a_missing_right() {
    let sql = "CREATE ROLE low LOGIN; CREATE TABLE t (id int, secret text);
               CREATE SCHEMA closed; CREATE TABLE closed.t (id int);
               CREATE TABLE guarded (id int); ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
               GRANT SELECT ON guarded TO low;";
    let (cluster, _) = source_after(sql).await;
    let source = PostgresSource::open(&settings(cluster, "low"), 2).await.unwrap();
    for name in ["public.t", "closed.t"] {
        let error = source.inspect(&TableName::parse(name).unwrap(), &BTreeMap::new(), None).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Permission, "{}", error.chain());
        assert!(error.hint.unwrap().contains("GRANT"));
    }
    assert!(inspect(&source, "public.guarded").await.row_security);
    cluster.psql("postgres", "GRANT SELECT (id) ON t TO low").unwrap();
    assert_eq!(inspect(&source, "public.t").await.columns.len(), 2);
}

#[tokio::test]
async fn the_server_types_expressions_without_running_them() {
    let sql = "CREATE TABLE t (id int8 PRIMARY KEY, email text, price numeric(10,2), at timestamptz);
               INSERT INTO t VALUES (1, 'a@b', 0, now());
               CREATE TABLE witness (id int);
               CREATE FUNCTION effect() RETURNS int LANGUAGE plpgsql AS $$ BEGIN INSERT INTO witness VALUES (1); RETURN 1; END $$;";
    let (cluster, source) = source_after(sql).await;
    let list = [
        ("id", "effect()"),
        ("email", "lower(email) -- a comment at the end"),
        ("price", "(1 / price)::numeric(20,4)"),
        ("at", "price * 2"),
        ("extra", "ARRAY[price]"),
        ("negative", "price::numeric(5,-2)"),
        ("text", "'literal'"),
    ];
    let table = with_expressions(&source, &list, Some("id > 0 /* and */ AND email <> ';' -- end")).await.unwrap();
    let decimal = |precision, scale| PgType::Numeric(Some(Numeric { precision, scale }));
    assert_eq!(table.expressions["id"], PgType::Int4);
    assert_eq!(table.expressions["email"], PgType::Text);
    assert_eq!(table.expressions["price"], decimal(20, 4));
    assert_eq!(table.expressions["at"], PgType::Numeric(None));
    assert_eq!(table.expressions["extra"], PgType::Array(Box::new(PgType::Numeric(None))));
    assert_eq!(table.expressions["negative"], decimal(5, -2));
    assert_eq!(table.expressions["text"], PgType::Text);
    assert_eq!(cluster.psql("postgres", "SELECT count(*) FROM witness").unwrap().trim(), "0");
}

#[tokio::test]
async fn a_broken_expression_names_its_column_and_a_second_statement_is_refused() {
    let sql = "CREATE TABLE t (id int PRIMARY KEY, email text); INSERT INTO t VALUES (1, 'x');";
    let (cluster, source) = source_after(sql).await;
    let broken = [
        ("lower(emial)", "emial"),
        ("lower(email", "syntax"),
        ("1) FROM t; DELETE FROM t; --", ""),
        ("1; DELETE FROM t", ""),
        ("count(*) OVER (", ""),
        ("nosuch(email)", "nosuch"),
        ("$1", ""),
        ("", ""),
    ];
    for (sql, word) in broken {
        let error = with_expressions(&source, &[("id", "id + 1"), ("email", sql)], None).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Configuration, "{sql}: {}", error.chain());
        assert!(error.message.contains("column `email`") && error.message.contains(word), "{sql}: {}", error.message);
    }
    for filter in ["id >", "id", "id = 1; DELETE FROM t", "nosuch = 1"] {
        let error = with_expressions(&source, &[("email", "lower(email)")], Some(filter)).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Configuration, "{filter}");
        assert!(error.message.contains("`where`"), "{filter}: {}", error.message);
    }
    assert_eq!(cluster.psql("postgres", "SELECT count(*) FROM t").unwrap().trim(), "1");
    // The pool is as good as before.
    with_expressions(&source, &[("email", "lower(email)")], Some("id = 1")).await.unwrap();
}

#[tokio::test]
async fn a_value_in_a_failing_expression_stays_out_of_the_error() {
    let (_, source) = source_after("CREATE TABLE t (id int PRIMARY KEY, email text)").await;
    let error = with_expressions(&source, &[("email", "'topsecret'::int")], None).await.unwrap_err();
    assert!(!error.chain().contains("topsecret") && error.chain().contains("22P02"), "{}", error.chain());
}

fn find<'a>(tables: &'a [DiscoveredTable], name: &str) -> &'a DiscoveredTable {
    tables.iter().find(|t| t.table.name.name == name).unwrap()
}

fn codes(table: &DiscoveredTable) -> Vec<&str> {
    table.findings.iter().map(|finding| finding.code.as_str()).collect()
}

#[tokio::test]
async fn discovery_proposes_keys_and_watermarks_and_says_what_would_help() {
    let sql = r#"
        CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.changed := now(); RETURN NEW; END $$;
        CREATE TABLE good (id int PRIMARY KEY, created_at timestamptz NOT NULL DEFAULT now(),
            updated_at timestamptz NOT NULL DEFAULT now());
        CREATE INDEX ON good (updated_at, id);
        CREATE TABLE slow (id int PRIMARY KEY, "Updated At" timestamptz, updated_at timestamptz DEFAULT now(), spot pg_snapshot);
        CREATE TABLE triggered (id int PRIMARY KEY, created_at timestamptz DEFAULT now(), changed timestamptz NOT NULL);
        CREATE TRIGGER t BEFORE INSERT OR UPDATE ON triggered FOR EACH ROW EXECUTE FUNCTION touch();
        CREATE TABLE born (id int NOT NULL UNIQUE, created_at timestamptz NOT NULL DEFAULT now());
        CREATE TABLE bare (x text);
        CREATE TABLE p (id int, updated_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (id, updated_at))
            PARTITION BY RANGE (updated_at);
        CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
        CREATE VIEW v AS SELECT * FROM good;
        CREATE SCHEMA other; CREATE TABLE other.t (id int PRIMARY KEY);
        CREATE ROLE low LOGIN; GRANT SELECT ON good TO low;
    "#;
    let (cluster, source) = source_after(sql).await;
    let state = firn_postgres::PostgresState::open(&settings(cluster, "postgres"), "public").await.unwrap();
    firn_connector::StateStore::ensure(&state).await.unwrap();

    let tables = discover(source.pool(), Some("public"), Dialect::Duckdb).await.unwrap();
    let names: Vec<&str> = tables.iter().map(|t| t.table.name.name.as_str()).collect();
    assert_eq!(names, ["bare", "born", "good", "p", "slow", "triggered", "v"], "no partitions, nothing of Firn's own");

    let good = find(&tables, "good");
    assert_eq!((good.watermark(), codes(good)), (Some("updated_at"), vec!["watermark_default"]));
    cluster.psql("postgres", good.findings[0].fix.as_ref().unwrap()).unwrap();
    assert!(good.candidates[0].reasons().iter().any(|reason| reason.contains("set by its default")));
    assert_eq!(good.candidates.iter().filter(|candidate| candidate.likely).count(), 2);
    assert!(good.columns.iter().all(|(_, plan)| plan.verdict == Verdict::Exact));

    let slow = find(&tables, "slow");
    assert_eq!(slow.watermark(), Some("updated_at"));
    assert_eq!(codes(slow), ["watermark_unindexed", "watermark_nullable", "watermark_default", "column_refused"]);
    let fix = slow.findings[0].fix.clone().unwrap();
    assert_eq!(fix, "CREATE INDEX CONCURRENTLY ON \"public\".\"slow\" (\"updated_at\", \"id\");");
    cluster.psql("postgres", &fix).unwrap();
    cluster.psql("postgres", slow.findings[1].fix.as_ref().unwrap()).unwrap();

    let triggered = find(&tables, "triggered");
    assert_eq!(triggered.watermark(), Some("changed"));
    assert!(triggered.candidates[0].database_clock());

    let born = find(&tables, "born");
    assert_eq!((born.key.as_slice(), born.watermark()), (&["id".to_owned()][..], Some("created_at")));
    assert!(codes(born).contains(&"watermark_birth"), "{:?}", codes(born));

    assert_eq!(codes(find(&tables, "bare")), ["no_key", "no_watermark"]);
    let partitioned = find(&tables, "p");
    assert_eq!(codes(partitioned), ["partitioned", "watermark_unindexed", "watermark_default"]);
    cluster.psql("postgres", partitioned.best().unwrap().index_sql.as_ref().unwrap()).unwrap();
    assert!(codes(find(&tables, "v")).starts_with(&["view", "no_key"]));

    let again = discover(source.pool(), Some("public"), Dialect::Duckdb).await.unwrap();
    assert_eq!(codes(find(&again, "slow")), ["watermark_default", "column_refused"], "the fixes fix");
    assert_eq!(codes(find(&again, "p")), ["partitioned", "watermark_default"]);
    assert_eq!(codes(find(&again, "good")), [""; 0]);
    assert_eq!(find(&again, "good").candidates[0].set_by, SetBy::Trigger);
    assert!(again.iter().flat_map(|t| &t.findings).all(|f| f.level < Level::Critical));

    let everywhere = discover(source.pool(), None, Dialect::Duckdb).await.unwrap();
    assert_eq!(everywhere.len(), 8);
    let low = PostgresSource::open(&settings(cluster, "low"), 2).await.unwrap();
    let seen = discover(low.pool(), None, Dialect::Duckdb).await.unwrap();
    assert_eq!(seen.iter().map(|t| t.table.name.name.as_str()).collect::<Vec<_>>(), ["good"]);
}

#[tokio::test]
async fn statistics_and_inheritance_speak_for_and_against_a_watermark() {
    let sql = "
        CREATE TABLE holes (id int PRIMARY KEY, updated_at timestamptz, seen_at timestamptz NOT NULL DEFAULT clock_timestamp());
        INSERT INTO holes SELECT n, CASE WHEN n % 4 = 0 THEN now() - n * interval '1 s' END, now() + n * interval '1 s' FROM generate_series(1, 1000) n;
        CREATE TABLE parent (id int PRIMARY KEY, updated_at timestamptz NOT NULL DEFAULT now());
        CREATE TABLE child (extra int) INHERITS (parent);
        CREATE MATERIALIZED VIEW stored AS SELECT * FROM parent;
        ANALYZE holes;";
    let (_, source) = source_after(sql).await;
    let tables = discover(source.pool(), Some("public"), Dialect::Duckdb).await.unwrap();
    let holes = find(&tables, "holes");
    let best = &holes.candidates[0];
    assert_eq!((best.column.as_str(), best.nulls), ("updated_at", Some(0.75)), "a name says more than holes");
    assert_eq!(
        best.reasons(),
        ["not indexed", "NULL in 75.0 % of the rows", "set by the application, as far as is seen here"]
    );
    let told = holes.findings.iter().find(|finding| finding.code == "watermark_nullable").unwrap();
    assert!(told.level == Level::Warning && told.message.contains("75.0 %"), "{told:?}");
    let other = holes.candidates.iter().find(|candidate| candidate.column == "seen_at").unwrap();
    assert!(other.correlation.unwrap() > 0.9 && other.reasons().contains(&"grows as rows are written".to_owned()));
    assert!(
        codes(find(&tables, "parent")).contains(&"inherited") && codes(find(&tables, "child")).contains(&"inherits")
    );
    assert!(
        codes(find(&tables, "stored")).contains(&"materialized_view") && find(&tables, "stored").table.materialized
    );
}

#[tokio::test]
async fn a_table_is_advised_on_its_key_and_every_column_that_can_carry_its_watermark() {
    let sql = r#"
        CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW."Changed" := now(); RETURN NEW; END $$;
        CREATE TABLE t (
            id int GENERATED ALWAYS AS IDENTITY, serial bigserial, code text NOT NULL UNIQUE, maybe int UNIQUE, day date,
            "Changed" timestamptz NOT NULL, created_at timestamptz NOT NULL DEFAULT now(), paid timestamp,
            twice int GENERATED ALWAYS AS (maybe * 2) STORED, note text, PRIMARY KEY (id, serial));
        CREATE TRIGGER touched BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION touch();
        CREATE INDEX ON t ("Changed");
        INSERT INTO t (code, day, "Changed", paid) SELECT n, NULL, now() + n * interval '1 s',
            CASE WHEN n % 2 = 0 THEN now() - n * interval '1 s' END FROM generate_series(1, 1000) n;
        CREATE VIEW v AS SELECT * FROM t;
        CREATE TABLE p (id int, at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
        CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
        INSERT INTO p SELECT n, '2024-01-01'::timestamptz + n * interval '1 s' FROM generate_series(1, 100) n;
        ANALYZE t, p;"#;
    let (_, source) = source_after(sql).await;
    let advise = async |name: &str| source.advise(&TableName::parse(name).unwrap()).await.unwrap();
    let TableAdvice { keys, watermarks } = advise("public.t").await;
    let keys: Vec<_> = keys.iter().map(|key| (key.columns.join(" "), key.primary)).collect();
    assert_eq!(keys, [("id serial".to_owned(), true), ("code".to_owned(), false)]);
    let found: Vec<_> = watermarks
        .iter()
        .map(|of| (of.column.as_str(), of.likely, of.indexed, of.not_null, of.nulls, of.monotonic(), of.set_by))
        .collect();
    assert_eq!(
        found,
        [
            ("Changed", true, true, true, Some(0.0), Some(true), SetBy::Trigger),
            ("created_at", true, false, true, Some(0.0), Some(true), SetBy::ClockDefault),
            ("paid", true, false, false, Some(0.5), Some(false), SetBy::Application),
            ("maybe", false, true, false, Some(1.0), None, SetBy::Application),
            ("id", false, true, true, Some(0.0), Some(true), SetBy::Sequence),
            ("day", false, false, false, Some(1.0), None, SetBy::Application),
            ("twice", false, false, false, Some(1.0), None, SetBy::Unknown),
            ("serial", false, false, true, Some(0.0), Some(true), SetBy::Sequence),
        ]
    );
    assert!(watermarks.iter().all(|of| of.indexed == of.index_sql.is_none()), "{watermarks:?}");
    let partitioned = &advise("public.p").await.watermarks[0];
    assert_eq!((partitioned.nulls, partitioned.monotonic()), (Some(0.0), Some(true)), "{partitioned:?}");
    let view = advise("public.v").await;
    assert!(view.keys.is_empty() && view.watermarks.iter().all(|of| of.set_by == SetBy::Unknown && of.nulls.is_none()));
    assert!(view.watermarks.iter().all(|of| of.index_sql.is_none() && of.monotonic().is_none()));
    let missing = source.advise(&TableName::parse("public.nowhere").unwrap()).await.unwrap_err();
    assert_eq!((missing.kind, missing.table), (ErrorKind::NotFound, Some("public.nowhere".to_owned())));
}

#[tokio::test]
async fn tables_of_extensions_are_not_proposed() {
    let cluster = Cluster::shared().unwrap();
    cluster.enable_postgis("postgres").unwrap();
    let source = PostgresSource::open(&settings(cluster, "postgres"), 2).await.unwrap();
    assert!(discover(source.pool(), None, Dialect::Duckdb).await.unwrap().is_empty());
    // By name it can be had.
    assert_eq!(inspect(&source, "public.spatial_ref_sys").await.primary_key, ["srid"]);
}

/// Waits until the server runs, or no longer runs, a statement with this word in it.
fn until_running(cluster: &Cluster, word: &str, running: bool) {
    let sql = format!(
        "SELECT count(*) > 0 FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%{word}%' AND pid <> pg_backend_pid()"
    );
    let started = std::time::Instant::now();
    while cluster.psql("postgres", &sql).unwrap().trim() != if running { "t" } else { "f" } {
        assert!(started.elapsed() < std::time::Duration::from_secs(5), "{word}: running is not {running}");
    }
}

#[tokio::test]
async fn a_count_that_is_given_up_stops_on_the_server() {
    let sql = "CREATE TABLE t (id int PRIMARY KEY, at timestamptz); CREATE VIEW slow_view AS SELECT t.* FROM t, pg_sleep(60);";
    let (cluster, source) = source_after(sql).await;
    let plan = firn_connector::ReadPlan {
        table: TableName::new("public", "slow_view"),
        columns: vec![],
        key: vec![],
        watermark: None,
        filter: None,
        row_versions: false,
        batch_rows: 1,
        batch_bytes: 1,
    };
    let counting = tokio::spawn({
        let source = source.clone();
        async move { source.waiting(&plan, None, 10).await }
    });
    tokio::task::spawn_blocking(|| until_running(cluster, "slow_view", true)).await.unwrap();
    counting.abort();
    assert!(counting.await.unwrap_err().is_cancelled());
    tokio::task::spawn_blocking(|| until_running(cluster, "slow_view", false)).await.unwrap();
    // The connection in the middle of a statement was not given back.
    assert_eq!(inspect(&source, "public.t").await.columns.len(), 2);
}
