//! Measures the warehouse alone: a first load of made-up orders, some of them changed, a run without changes.
//!
//! `cargo run --release -p firn-duckdb --example append_speed -- ROWS GROUP_ROWS [MEMORY_MIB [EXTRA_COLUMNS [EVERY]]]`,
//! where every `EVERY`-th order changes (20; 100,000 at most), prints one line of JSON a phase. Batches are made before the clock starts
//! and used again and again, so what the resident memory grows by is DuckDB's.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measuring program: it prints, and stops at the first error"
)]

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, FixedSizeBinaryArray, Float64Array, Int32Array, Int64Array,
    RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{Field, Schema};
use firn_catalog::{PgType, TableName, Watermark, WatermarkKind, typemap};
use firn_connector::{
    Commit, Cursor, Phase, SeenChange, TableState, Target, WriteColumn, WriteMode, WritePlan, Writer,
};
use firn_duckdb::{DuckdbSettings, DuckdbTarget};
use std::sync::Arc;
use std::time::Instant;

const SOURCE: &str = "public.orders";
const BATCH: i64 = 16_384;

/// Spreads the bits of a number over all 64.
fn mixed(n: i64) -> u64 {
    let mut x = n.unsigned_abs().wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

fn unless<T>(none: bool, value: T) -> Option<T> {
    if none { None } else { Some(value) }
}

/// Makes the orders of some ids; `version` moves their watermark.
fn orders(ids: &[i64], version: i64, extra: usize) -> Vec<(String, PgType, &'static str, ArrayRef)> {
    let n = || ids.iter().copied();
    let status = ["open", "packed", "shipped", "returned", "cancelled"];
    let money = |values: Vec<Option<i128>>| -> ArrayRef {
        Arc::new(Decimal128Array::from(values).with_precision_and_scale(12, 2).unwrap())
    };
    let price = n().map(|g| Some(i128::from(mixed(g) % 10_000_000))).collect();
    let discount = n().map(|g| unless(g % 4 == 0, i128::from(g % 1_500))).collect();
    let uuids = n().map(|g| [mixed(g).to_be_bytes(), mixed(-g).to_be_bytes()].concat());
    let comment = |g: i64| format!("order comment {g} {:016x}{:04x}", mixed(g * 3), mixed(g) & 0xffff);
    let attrs = |g: i64| format!("{{\"src\": \"web\", \"tags\": [\"a\", \"{}\"], \"score\": {}}}", g % 17, g % 100);
    let money_type = || PgType::Numeric(Some(firn_catalog::Numeric { precision: 12, scale: 2 }));
    let mut columns: Vec<(&str, PgType, &'static str, ArrayRef)> = vec![
        ("order_id", PgType::Int8, "BIGINT", Arc::new(Int64Array::from_iter_values(n()))),
        (
            "customer_id",
            PgType::Int8,
            "BIGINT",
            Arc::new(Int64Array::from_iter_values(n().map(|g| (mixed(g) % 150_000) as i64))),
        ),
        ("line_no", PgType::Int4, "INTEGER", Arc::new(Int32Array::from_iter_values(n().map(|g| (g % 7) as i32 + 1)))),
        (
            "status",
            PgType::Text,
            "VARCHAR",
            Arc::new(StringArray::from_iter_values(n().map(|g| status[(g % 5) as usize]))),
        ),
        (
            "priority",
            PgType::Text,
            "VARCHAR",
            Arc::new(StringArray::from_iter(
                n().map(|g| unless(g % 11 == 0, if g % 13 == 0 { "" } else { "3-MEDIUM" })),
            )),
        ),
        ("total_price", money_type(), "DECIMAL(12,2)", money(price)),
        ("discount", money_type(), "DECIMAL(12,2)", money(discount)),
        ("quantity", PgType::Int4, "INTEGER", Arc::new(Int32Array::from_iter_values(n().map(|g| (g % 50) as i32 + 1)))),
        (
            "weight",
            PgType::Float8,
            "DOUBLE",
            Arc::new(Float64Array::from_iter(n().map(|g| unless(g % 9 == 0, (g % 100_003) as f64 / 7.0)))),
        ),
        ("is_express", PgType::Bool, "BOOLEAN", Arc::new(BooleanArray::from_iter(n().map(|g| Some(g % 3 == 0))))),
        (
            "order_date",
            PgType::Date,
            "DATE",
            Arc::new(Date32Array::from_iter_values(n().map(|g| 18_262 + (g % 2_000) as i32))),
        ),
        (
            "shipped_at",
            PgType::Timestamptz,
            "TIMESTAMPTZ",
            Arc::new(
                TimestampMicrosecondArray::from_iter(
                    n().map(|g| unless(g % 5 == 0, 1_577_836_800_000_000 + g % 63_072_000 * 1_000_000)),
                )
                .with_timezone("UTC"),
            ),
        ),
        (
            "updated_at",
            PgType::Timestamptz,
            "TIMESTAMPTZ",
            Arc::new(
                TimestampMicrosecondArray::from_iter_values(
                    n().map(|g| 1_704_067_200_000_000 + g / 8 * 40_000 + version),
                )
                .with_timezone("UTC"),
            ),
        ),
        ("ref", PgType::Uuid, "UUID", Arc::new(FixedSizeBinaryArray::try_from_iter(uuids).unwrap())),
        (
            "comment",
            PgType::Text,
            "VARCHAR",
            Arc::new(StringArray::from_iter(n().map(|g| unless(g % 6 == 0, comment(g))))),
        ),
        ("attrs", PgType::Jsonb, "JSON", Arc::new(StringArray::from_iter(n().map(|g| unless(g % 10 == 0, attrs(g)))))),
    ];
    let widening = columns.clone();
    let more = (0..extra).map(|i| {
        let (name, ty, ddl, values) = &widening[i % widening.len()];
        (format!("{name}_{i}"), ty.clone(), *ddl, Arc::clone(values))
    });
    columns.drain(..).map(|(name, ty, ddl, values)| (name.to_owned(), ty, ddl, values)).chain(more).collect()
}

fn batch(ids: &[i64], version: i64, extra: usize) -> RecordBatch {
    let columns = orders(ids, version, extra);
    let field = |(name, ty, _, values): &(String, PgType, &str, ArrayRef)| {
        typemap::field(name, ty, arrow::array::Array::data_type(values).clone(), true)
    };
    let fields: Vec<Field> = columns.iter().map(field).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns.into_iter().map(|c| c.3).collect()).unwrap()
}

/// Gives a batch ids of its own.
fn renumbered(batch: &RecordBatch, first: i64) -> RecordBatch {
    let mut columns = batch.columns().to_vec();
    columns[0] = Arc::new(Int64Array::from_iter_values(first..first + batch.num_rows() as i64));
    RecordBatch::try_new(batch.schema(), columns).unwrap()
}

fn state(version: i64) -> TableState {
    let cursor = Cursor::before(Watermark::new(WatermarkKind::Timestamptz, version));
    TableState { phase: Phase::Incremental { cursor: Some(cursor) }, ..TableState::default() }
}

/// Processor seconds of this process so far.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
}

/// A figure of `/proc/self/status` in MiB.
fn memory(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

struct Clock(Instant, f64);

impl Clock {
    fn start() -> Self {
        // The peak is counted from here on.
        std::fs::write("/proc/self/clear_refs", "5").unwrap();
        Self(Instant::now(), processor_seconds())
    }

    fn print(&self, phase: &str, rows: i64) {
        let (wall, processor) = (self.0.elapsed().as_secs_f64(), processor_seconds() - self.1);
        println!(
            "{{\"phase\":\"{phase}\",\"rows\":{rows},\"wall_s\":{wall:.3},\"processor_s\":{processor:.2},\"peak_mib\":{}}}",
            memory("VmHWM")
        );
    }
}

async fn open(
    settings: &DuckdbSettings,
    epoch: i64,
    like: &RecordBatch,
    extra: usize,
) -> (DuckdbTarget, Box<dyn Writer>) {
    let target = DuckdbTarget::new(settings.clone());
    let table = TableName::new("raw", "orders");
    let columns: Vec<WriteColumn> =
        orders(&[1], 0, extra).into_iter().map(|(name, _, ddl, _)| WriteColumn { name, ddl: ddl.to_owned() }).collect();
    let existing = target.inspect(&table).await.unwrap();
    let (ddl, _findings) = target.plan_ddl(&table, existing.as_ref(), &columns).unwrap();
    let schema = like.schema();
    let plan = WritePlan { source: SOURCE.into(), table, columns, key: vec![0], watermark: Some(12), ddl, schema };
    target.fence(SOURCE, epoch).await.unwrap();
    let writer = target.writer(Arc::new(plan), epoch).await.unwrap();
    (target, writer)
}

async fn group(writer: &mut dyn Writer, mode: WriteMode, batches: impl Iterator<Item = RecordBatch>, version: i64) {
    writer.begin(mode).await.unwrap();
    for batch in batches {
        writer.stage(batch).await.unwrap();
    }
    writer.commit(Commit { mode, state: state(version), seen: SeenChange::Keep }).await.unwrap();
}

#[tokio::main]
async fn main() {
    let argument = |at: usize, default: i64| std::env::args().nth(at).map_or(default, |text| text.parse().unwrap());
    let (rows, group_rows, mib, extra) =
        (argument(1, 1_000_000), argument(2, 500_000), argument(3, 0), argument(4, 0) as usize);
    let folder = tempfile::tempdir().unwrap();
    let mut settings = DuckdbSettings::new(folder.path().join("warehouse.duckdb"));
    if mib > 0 {
        settings.memory_limit = mib.unsigned_abs() << 20;
    }
    let pool: Vec<RecordBatch> = (0..(rows / BATCH).clamp(1, 61))
        .map(|i| batch(&(i * BATCH..(i + 1) * BATCH).collect::<Vec<_>>(), 0, extra))
        .collect();
    println!("{{\"phase\":\"made batches\",\"resident_mib\":{}}}", memory("VmRSS"));

    let clock = Clock::start();
    let (target, mut writer) = open(&settings, 1, &pool[0], extra).await;
    let batches = (rows / BATCH).max(1);
    let a_group = (group_rows / BATCH).max(1);
    let mut next = 0;
    while next < batches {
        let end = (next + a_group).min(batches);
        let part = (next..end).map(|i| renumbered(&pool[i as usize % pool.len()], i * BATCH));
        group(&mut *writer, WriteMode::Append, part, end).await;
        next = end;
    }
    clock.print("first load", batches * BATCH);
    drop(writer);
    target.close().await.unwrap();
    clock.print("first load, closed", batches * BATCH);

    let changed: Vec<i64> = (0..rows).step_by(argument(5, 20) as usize).take(100_000).collect();
    let changes: Vec<RecordBatch> = changed.chunks(BATCH as usize).map(|ids| batch(ids, 1, extra)).collect();
    let clock = Clock::start();
    let (target, mut writer) = open(&settings, 2, &pool[0], extra).await;
    group(&mut *writer, WriteMode::Upsert, changes.into_iter(), batches + 1).await;
    clock.print("changes", changed.len() as i64);
    drop(writer);
    target.close().await.unwrap();
    clock.print("changes, closed", changed.len() as i64);

    let clock = Clock::start();
    let (target, writer) = open(&settings, 3, &pool[0], extra).await;
    target.state(SOURCE).await.unwrap();
    drop(writer);
    target.close().await.unwrap();
    clock.print("nothing to do", 0);
    println!("{{\"file_mib\":{}}}", std::fs::metadata(&settings.path).unwrap().len() >> 20);
}
