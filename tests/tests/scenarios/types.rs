//! Values of every type, and what becomes of those that fit nowhere. Both servers print what they hold.

use anyhow::{Context as _, Result, ensure};
use firn_scenarios::world::describe;
use firn_scenarios::{TableSpec, World};
use firn_sync::verify::DifferenceCounts;
use firn_sync::{RunStatus, TableResult};

/// One type: its column, values as literals of PostgreSQL, and how each side is asked to print them alike.
struct Case {
    ddl: &'static str,
    values: &'static [&'static str],
    postgres: &'static str,
    duckdb: &'static str,
}

const fn case(
    ddl: &'static str,
    values: &'static [&'static str],
    postgres: &'static str,
    duckdb: &'static str,
) -> Case {
    Case { ddl, values, postgres, duckdb }
}

/// Both print the value itself.
const fn same(ddl: &'static str, values: &'static [&'static str]) -> Case {
    case(ddl, values, "format('%s', v)", "CAST(v AS VARCHAR)")
}

const MICROS: &str =
    "CASE WHEN isfinite(v) THEN (extract(epoch FROM v) * 1000000)::numeric(30, 0)::text ELSE format('%s', v) END";
const DUCK_MICROS: &str = "CASE WHEN isfinite(v) THEN CAST(epoch_us(v) AS VARCHAR) ELSE CAST(v AS VARCHAR) END";
const SPAN: &str = "format('%s %s %s', (extract(year FROM v) * 12 + extract(month FROM v))::int, extract(day FROM v)::int, \
    (extract(hour FROM v) * 3600000000 + extract(minute FROM v) * 60000000 + extract(microseconds FROM v))::bigint)";
const DUCK_SPAN: &str = "format('{} {} {}', date_part('year', v) * 12 + date_part('month', v), date_part('day', v), \
    date_part('hour', v) * 3600000000 + date_part('minute', v) * 60000000 + date_part('microsecond', v))";

/// The types that peers are measured by.
const MEASURED: [Case; 33] = [
    case("boolean", &["t", "f"], "v::int::text", "CAST(CAST(v AS INT) AS VARCHAR)"),
    same("smallint", &["-32768", "32767"]),
    same("integer", &["-2147483648", "2147483647"]),
    same("bigint", &["-9223372036854775808", "9223372036854775807"]),
    same("real", &["NaN", "-Infinity", "-0", "1e-45", "0.1"]),
    same("double precision", &["NaN", "Infinity", "-0", "5e-324", "0.30000000000000004"]),
    same("numeric(12,2)", &["9999999999.99", "-0.01", "0.10"]),
    same("numeric", &["NaN", "-Infinity", "0.000", "123456789012345678901234567890.123456789012345678901234567890"]),
    same("text", &["", "\\N", "NULL", "a\tb\nc", "🜁 é"]),
    same("varchar(20)", &["", "\\N", "äöü"]),
    same("char(8)", &["a", "", "  b"]),
    case("bytea", &["\\x", "\\x00ff", "\\x5c4e"], "encode(v, 'hex')", "lower(hex(v))"),
    case(
        "date",
        &["infinity", "-infinity", "4713-01-01 BC", "5874897-12-31", "2024-02-29"],
        "CASE WHEN isfinite(v) THEN (v - date '1970-01-01')::text ELSE format('%s', v) END",
        "CASE WHEN isfinite(v) THEN CAST(v - DATE '1970-01-01' AS VARCHAR) ELSE CAST(v AS VARCHAR) END",
    ),
    same("time", &["24:00:00", "00:00:00", "23:59:59.999999"]),
    same("timetz", &["24:00:00+00", "12:00:00.000001+05:30", "00:00:00-15:59:59", "23:59:59.999999+14"]),
    case(
        "timestamp",
        &["infinity", "-infinity", "0044-03-15 12:00:00 BC", "294246-12-31 23:59:59.999999"],
        MICROS,
        DUCK_MICROS,
    ),
    case(
        "timestamptz",
        &["infinity", "4713-01-02 00:00:00+00 BC", "2024-01-01 00:00:00.000001+13:45", "294246-12-31 23:59:59+00"],
        MICROS,
        DUCK_MICROS,
    ),
    case(
        "interval",
        &["1 year 2 mons -3 days 04:05:06.789", "-178000000 years", "2562047:47:16.854775", "0", "30 days"],
        SPAN,
        DUCK_SPAN,
    ),
    same("uuid", &["00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"]),
    same("json", &["{ \"b\" : 1, \"a\":[ ], \"a\": 1e400 }", "null", "\"\""]),
    same("jsonb", &["{\"b\": 0.10, \"a\": []}", "null", "\"\\u00e4\""]),
    case("xml", &["<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a>é</a>", "<a/>", ""], "v::text", "v"),
    same("inet", &["::ffff:1.2.3.4", "10.1.2.3/8", "2001:db8::1"]),
    same("cidr", &["10.0.0.0/8", "2001:db8::/32"]),
    same("macaddr", &["08:00:2b:01:02:03"]),
    same("varbit", &["", "101", "0000000010000000"]),
    case("money", &["-92233720368547758.08", "0.05", "1234567.89"], "v::numeric::text", "CAST(v AS VARCHAR)"),
    case("point", &["(1.5,-0)", "(NaN,Infinity)", "(5e-324,0.1)"], "v[0] || ',' || v[1]", "concat(v.x, ',', v.y)"),
    same("mood", &["sad", "it's \\ok", ""]),
    case("integer[]", &["{}", "{1,NULL,-3}"], "array_to_json(v)::text", "CAST(to_json(v) AS VARCHAR)"),
    case("integer[][]", &["{}", "{{1,2},{3,NULL}}", "{{7}}"], "array_to_json(v)::text", "CAST(to_json(v) AS VARCHAR)"),
    case(
        "pair",
        &["(1,\"a, \"\"b\"\"\")", "(,)", "(7,\"\")", "(8,\\\\N)"],
        "row_to_json(v)::text",
        "CAST(to_json(v) AS VARCHAR)",
    ),
    same("int4range", &["empty", "[1,5)", "(,)"]),
];

/// The others of the map.
const FURTHER: [Case; 16] = [
    same("citext", &["Aa", ""]),
    same("name", &["two words"]),
    same("\"char\"", &["x", ""]),
    same("bit(5)", &["00101"]),
    same("macaddr8", &["08:00:2b:01:02:03:04:05"]),
    same("ltree", &["Top.Science", ""]),
    case(
        "hstore",
        &["a=>1,b=>NULL,c=>\"\"", "", "\"\\\\N\"=>\"NULL\""],
        "hstore_to_json(v)::text",
        "CAST(to_json(v) AS VARCHAR)",
    ),
    same("tstzrange", &["[2024-01-01 00:00:00+00,infinity)", "(,\"0044-03-15 00:00:00+00 BC\"]"]),
    same("nummultirange", &["{[1.50,2),(3,)}", "{}"]),
    same("polygon", &["((0,0),(1.5,1e+20),(1,-0))"]),
    same("circle", &["<(1,2),0.1>"]),
    same("tsvector", &["'a b':1A,2 'it''s'", ""]),
    same("tsquery", &["'a' & ( 'b' | !'c' )"]),
    same("oid", &["0", "4294967295"]),
    same("pg_lsn", &["16/B374D848"]),
    case(
        "point[]",
        &["{\"(1,2)\",NULL}", "{}"],
        "(SELECT count(*) || ' ' || coalesce(sum(p[0]), 0) FROM unnest(v) p)",
        "concat(len(v), ' ', CAST(coalesce(list_sum(list_transform(v, p -> p.x)), 0) AS BIGINT))",
    ),
];

const SETUP: &str = "CREATE EXTENSION citext; CREATE EXTENSION hstore; CREATE EXTENSION ltree; \
    CREATE TYPE mood AS ENUM ('sad', 'it''s \\ok', ''); CREATE TYPE pair AS (n int, t text);";

/// Brings numbers and JSON, which the servers print in two ways, to one form.
fn normal(ddl: &str, text: String) -> String {
    let float = |text: &str| text.parse::<f64>().map_or_else(|_| text.to_owned(), |value| format!("{value:?}"));
    match ddl {
        "real" | "double precision" | "point" => text.split(',').map(float).collect::<Vec<_>>().join(","),
        "hstore" | "pair" => serde_json::from_str::<serde_json::Value>(&text).map_or(text, |value| value.to_string()),
        _ => text,
    }
}

/// Compares a column on both sides, and returns what differs.
async fn difference(world: &World, at: usize, case: &Case) -> Result<Option<String>> {
    let column = format!("c{at}");
    // `v` stands as a word of its own.
    let of = |sql: &str| {
        let words = sql.split_inclusive(|c: char| !(c.is_alphanumeric() || c == '_'));
        let named = words.map(|word| match word.strip_prefix('v') {
            Some(rest) if !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_') => format!("{column}{rest}"),
            _ => word.to_owned(),
        });
        named.collect::<String>()
    };
    let source = world
        .text(&format!(
            "SELECT json_agg(json_build_array(id, CASE WHEN num_nulls({column}) = 0 THEN {} END) ORDER BY id)::text FROM every",
            of(case.postgres)
        ))
        .await
        .with_context(|| case.ddl)?;
    let source: Vec<(i64, Option<String>)> = serde_json::from_str(&source)?;
    let target = world.warehouse(&format!(
        "SELECT CAST(id AS VARCHAR), CASE WHEN {column} IS NOT NULL THEN {} END FROM raw.every ORDER BY id",
        of(case.duckdb)
    ));
    let target = target.with_context(|| case.ddl)?;
    let source: Vec<_> =
        source.into_iter().map(|(id, text)| (id.to_string(), text.map(|text| normal(case.ddl, text)))).collect();
    let target: Vec<_> = target
        .into_iter()
        .map(|row| (row[0].clone().unwrap_or_default(), row[1].clone().map(|text| normal(case.ddl, text))))
        .collect();
    ensure!(source.len() == ROWS as usize + 1);
    Ok((source != target).then(|| format!("{}: {source:?} became {target:?}", case.ddl)))
}

/// Rows with values; one more has none.
const ROWS: u64 = 6;

#[tokio::test(flavor = "multi_thread")]
async fn values_of_every_type_arrive_as_they_are() -> Result<()> {
    let mut world = World::new()?;
    world.sql(SETUP).await?;
    let cases: Vec<&Case> = MEASURED.iter().chain(&FURTHER).collect();
    let columns: Vec<String> = cases.iter().enumerate().map(|(at, case)| format!("c{at} {}", case.ddl)).collect();
    world
        .sql(&format!(
            "CREATE TABLE every (id bigint PRIMARY KEY, updated_at timestamptz NOT NULL DEFAULT now() - interval '1 hour', {}); \
             INSERT INTO every (id) VALUES ({})",
            columns.join(", "),
            ROWS + 1
        ))
        .await?;
    for row in 0..ROWS {
        let value = |case: &&Case| format!("'{}'", case.values[row as usize % case.values.len()].replace('\'', "''"));
        let values: Vec<String> = cases.iter().map(value).collect();
        world
            .sql(&format!("INSERT INTO every VALUES ({}, now() - interval '1 hour', {})", row + 1, values.join(", ")))
            .await?;
    }
    world.spec.tables.push(TableSpec::new("every"));
    // By the appends of a first load, and by the upserts of an increment.
    for round in 0..2 {
        world.run_well().await?;
        let mut differences = Vec::new();
        let mut exact = 0;
        for (at, case) in cases.iter().enumerate() {
            match difference(&world, at, case).await? {
                Some(difference) => differences.push(difference),
                None if at < MEASURED.len() => exact += 1,
                None => {}
            }
        }
        ensure!(differences.is_empty(), "round {round}, {exact} of 33 exact: {}", differences.join("\n"));
        ensure!(exact == 33);
        let verdict = world.verdict().await?;
        ensure!(verdict.counts == DifferenceCounts::default() && verdict.waiting == 0, "{verdict:?}");
        world.sql("UPDATE every SET updated_at = now()").await?;
    }
    // Where DuckDB has the type, the column is of it.
    let text = world
        .warehouse_text("SELECT count(*) FROM duckdb_columns() WHERE table_name = 'every' AND data_type = 'VARCHAR'")?;
    ensure!(text == "24", "{text} columns are text");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_the_empty_text_and_the_text_of_copy_for_nothing_are_three_things() -> Result<()> {
    let mut world = World::new()?;
    world
        .sql(
            "CREATE EXTENSION hstore; CREATE TYPE pair AS (n int, t text);
             CREATE TABLE things (id bigint PRIMARY KEY, v text, list text[], map hstore, part pair,
                 updated_at timestamptz NOT NULL DEFAULT now() - interval '1 hour');
             INSERT INTO things SELECT n, v, ARRAY[v, 'x'], hstore('k', v), (1, v)::pair
             FROM (VALUES (1, ''), (2, NULL), (3, '\\N'), (4, 'NULL'), (5, ' ')) AS t (n, v);
             INSERT INTO things VALUES (6, NULL, NULL, NULL, NULL), (7, '', '{}', '', NULL)",
        )
        .await?;
    world.spec.tables.push(TableSpec::new("things"));
    world.run_well().await?;
    for value in ["v", "list[1]", "map['k']", "part.t"] {
        let sql = format!(
            "SELECT string_agg(CASE WHEN {value} IS NULL THEN 'nothing' ELSE '<' || {value} || '>' END, ' ' ORDER BY id) FROM raw.things WHERE id < 6"
        );
        ensure!(
            world.warehouse_text(&sql)? == "<> nothing <\\N> <NULL> < >",
            "{value}: {}",
            world.warehouse_text(&sql)?
        );
    }
    let empty = "SELECT string_agg(concat(v IS NULL, ' ', list IS NULL, ' ', len(list), ' ', map IS NULL, ' ', cardinality(map), ' ', part IS NULL), ', ' ORDER BY id) FROM raw.things WHERE id > 5";
    let empty = world.warehouse_text(empty)?;
    ensure!(empty == "true true  true  true, false false 0 false 0 true", "{empty}");
    Ok(())
}

/// Values that no column of DuckDB holds, in each of four columns, beside ten rows that fit.
const UNFIT: &str = "CREATE TABLE odd (id bigint PRIMARY KEY, price numeric(8,2), seen timestamptz, tags text[], span interval,
        nothing numeric(8,2), updated_at timestamptz NOT NULL DEFAULT now() - interval '1 hour');
    INSERT INTO odd SELECT n, n, '2024-01-01', '{a}', '1 day', NULL FROM generate_series(1, 10) n;
    INSERT INTO odd VALUES (11, 'NaN', '2024-01-01', '{a}', '1 day'), (12, 'NaN', '294276-12-31 00:00:00+00', '{{a}}', '1 day'),
        (13, 1, '2024-01-01', '[2:3]={a,b}', '99999999 hours'), (14, 2, '2024-01-01', '{a}', '-99999999 hours')";

#[tokio::test(flavor = "multi_thread")]
async fn values_that_do_not_fit_reject_their_rows() -> Result<()> {
    let mut world = World::new()?;
    world.sql(UNFIT).await?;
    world.spec.tables.push(TableSpec::new("odd"));
    let run = world.run().await?;
    ensure!(run.table()?.result == TableResult::Partial, "{}", describe(&run.outcome));
    ensure!(run.table()?.counters.rows_rejected == 4 && run.table()?.counters.rows_merged == 10);
    let codes = world.text("SELECT string_agg(error_code, ' ' ORDER BY (pk->>'id')::int) FROM sync_errors").await?;
    ensure!(codes == "numeric_nan numeric_nan array_lower_bound interval_range", "{codes}");
    let payload = world.text("SELECT payload->>'span' FROM sync_errors WHERE pk->>'id' = '14'").await?;
    ensure!(payload == "-99999999:00:00", "{payload}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn values_that_do_not_fit_become_null_and_are_counted_where_that_is_wished() -> Result<()> {
    let mut world = World::new()?;
    world.sql(UNFIT).await?;
    world.spec.tables.push(TableSpec { unfit_null: true, ..TableSpec::new("odd") });
    let run = world.run_well().await?;
    let told = |run: &firn_scenarios::world::Run| -> Result<Vec<String>> {
        let findings = run.table()?.findings.iter().filter(|finding| finding.code == "unfit_null");
        Ok(findings.map(|finding| finding.message.clone()).collect())
    };
    let expected = [
        "column `price`: 2 values that do not fit are NULL in the target (numeric_nan: 2)",
        "column `seen`: 1 value that does not fit is NULL in the target (timestamp_range: 1)",
        "column `span`: 2 values that do not fit are NULL in the target (interval_range: 2)",
        "column `tags`: 2 values that do not fit are NULL in the target (array_dimensions: 1, array_lower_bound: 1)",
    ];
    ensure!(told(&run)? == expected, "{:?}", told(&run)?);
    ensure!(run.table()?.counters.rows_merged == 14 && run.table()?.counters.rows_rejected == 0);
    let nulls = "SELECT string_agg(concat(id, ':', price IS NULL, seen IS NULL, tags IS NULL, span IS NULL), ' ' ORDER BY id) FROM raw.odd WHERE id > 9";
    let nulls = world.warehouse_text(nulls)?;
    let rows = "10:falsefalsefalsefalse 11:truefalsefalsefalse 12:truetruetruefalse 13:falsefalsetruetrue 14:falsefalsefalsetrue";
    ensure!(nulls == rows, "{nulls}");

    // What was told is not told again; an upsert counts what it brings.
    ensure!(told(&world.run_well().await?)?.is_empty());
    world.sql("UPDATE odd SET price = 'NaN', updated_at = now() WHERE id IN (1, 2)").await?;
    let again = world.run_well().await?;
    ensure!(
        told(&again)? == ["column `price`: 2 values that do not fit are NULL in the target (numeric_nan: 2)"],
        "{:?}",
        told(&again)?
    );

    // A key that does not fit is no key: its row is rejected all the same.
    world
        .sql(
            "CREATE TABLE keyed (id numeric(5,0) PRIMARY KEY, v text, updated_at timestamptz NOT NULL DEFAULT now());
             INSERT INTO keyed VALUES (1, 'a'), ('NaN', 'b')",
        )
        .await?;
    world.spec.tables.push(TableSpec { unfit_null: true, ..TableSpec::new("keyed") });
    let run = world.run().await?;
    ensure!(run.outcome.status() == RunStatus::Partial, "{}", describe(&run.outcome));
    ensure!(world.text("SELECT count(*)::text FROM sync_errors WHERE error_code = 'numeric_nan'").await? == "1");
    Ok(())
}
