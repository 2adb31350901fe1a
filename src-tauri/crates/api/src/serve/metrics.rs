//! Metrics in Prometheus' text format.

use crate::wire::TableResult;
use chrono::{DateTime, Utc};
use prometheus::{
    Gauge, GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder,
};

/// The one label of a table's metrics: the source table.
const TABLE: &[&str] = &["table"];

/// Upper bounds of a run's duration in seconds, from an idle poll to a long first load.
const DURATIONS: &[f64] = &[0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 60.0, 300.0, 1800.0, 7200.0];
/// Upper bounds of what a table was behind when a run had caught up, in seconds.
const LAGS: &[f64] = &[1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0, 14_400.0, 86_400.0, 604_800.0];

/// Every metric of the service.
pub(super) struct Metrics {
    registry: Registry,
    successes: IntCounterVec,
    failures: IntCounterVec,
    held: IntCounterVec,
    last_duration: GaugeVec,
    rows: IntCounterVec,
    rejected: IntCounterVec,
    durations: HistogramVec,
    lags: HistogramVec,
    lag: GaugeVec,
    last_success: GaugeVec,
    pub(super) running: IntGaugeVec,
    pub(super) workspace_valid: IntGauge,
    pub(super) uptime: Gauge,
}

impl Metrics {
    pub(super) fn new() -> prometheus::Result<Self> {
        let counters = |name: &str, help: &str| IntCounterVec::new(Opts::new(name, help), TABLE);
        let gauges = |name: &str, help: &str| GaugeVec::new(Opts::new(name, help), TABLE);
        let histograms = |name: &str, help: &str, bounds: &[f64]| {
            HistogramVec::new(HistogramOpts::new(name, help).buckets(bounds.to_vec()), TABLE)
        };
        let metrics = Self {
            registry: Registry::new(),
            successes: counters("sync_success_count", "Runs of the table that did their work or found none to do.")?,
            failures: counters("sync_failure_count", "Runs of the table that failed, wholly or for some rows.")?,
            held: counters("sync_held_count", "Times the table was left to another runner, which holds its lease.")?,
            last_duration: gauges("last_sync_duration_seconds", "How long the newest run of the table took.")?,
            rows: counters("rows_processed", "Rows of the table written to the target.")?,
            rejected: counters("rows_rejected", "Rows of the table kept in sync_errors.")?,
            durations: histograms("sync_duration_seconds", "How long runs of the table took.", DURATIONS)?,
            lags: histograms(
                "sync_staleness_seconds",
                "How far the target was behind when a run had caught up: since the start of the success before it.",
                LAGS,
            )?,
            lag: gauges("sync_lag_seconds", "Seconds since the newest run of the table that succeeded began.")?,
            last_success: gauges(
                "sync_last_success_timestamp_seconds",
                "When the newest run of the table that succeeded began, in seconds since 1970.",
            )?,
            running: IntGaugeVec::new(Opts::new("sync_lease_held", "1 while this process runs the table."), TABLE)?,
            workspace_valid: IntGauge::new("firn_workspace_valid", "0 while the workspace as it is cannot be used.")?,
            uptime: Gauge::new("firn_uptime_seconds", "Seconds since the service began.")?,
        };
        let build =
            IntGaugeVec::new(Opts::new("firn_build_info", "1, with the version of the program."), &["version"])?;
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        let up = IntGauge::new("firn_up", "1 while the service runs.")?;
        up.set(1);
        let all: [Box<dyn prometheus::core::Collector>; 15] = [
            Box::new(metrics.successes.clone()),
            Box::new(metrics.failures.clone()),
            Box::new(metrics.held.clone()),
            Box::new(metrics.last_duration.clone()),
            Box::new(metrics.rows.clone()),
            Box::new(metrics.rejected.clone()),
            Box::new(metrics.durations.clone()),
            Box::new(metrics.lags.clone()),
            Box::new(metrics.lag.clone()),
            Box::new(metrics.last_success.clone()),
            Box::new(metrics.running.clone()),
            Box::new(metrics.workspace_valid.clone()),
            Box::new(metrics.uptime.clone()),
            Box::new(build),
            Box::new(up),
        ];
        for collector in all {
            metrics.registry.register(collector)?;
        }
        Ok(metrics)
    }

    /// Makes the counts of a table, so that a first failure is a rise from zero.
    pub(super) fn add(&self, table: &str) {
        for counter in [&self.successes, &self.failures, &self.held, &self.rows, &self.rejected] {
            counter.with_label_values(&[table]);
        }
        self.durations.with_label_values(&[table]);
        self.lags.with_label_values(&[table]);
        self.running.with_label_values(&[table]);
    }

    /// Drops a table that is no longer served. What was never there need not go.
    pub(super) fn remove(&self, table: &str) {
        for counter in [&self.successes, &self.failures, &self.held, &self.rows, &self.rejected] {
            let _absent = counter.remove_label_values(&[table]);
        }
        for gauge in [&self.last_duration, &self.lag, &self.last_success] {
            let _absent = gauge.remove_label_values(&[table]);
        }
        for histogram in [&self.durations, &self.lags] {
            let _absent = histogram.remove_label_values(&[table]);
        }
        let _absent = self.running.remove_label_values(&[table]);
    }

    /// Counts a run that has ended; `staleness` is how far the target was behind until now.
    pub(super) fn end(&self, result: &TableResult, staleness: Option<f64>) {
        let table = &[result.source.as_str()];
        self.running.with_label_values(table).set(0);
        let caught_up = match result.status.as_str() {
            "success" | "idle" => true,
            "partial" | "failed" => {
                self.failures.with_label_values(table).inc();
                result.status == "partial"
            }
            "held" => {
                self.held.with_label_values(table).inc();
                return;
            }
            _ => return,
        };
        self.last_duration.with_label_values(table).set(result.seconds);
        self.durations.with_label_values(table).observe(result.seconds);
        self.rows.with_label_values(table).inc_by(result.rows_merged);
        self.rejected.with_label_values(table).inc_by(result.rows_rejected);
        if result.status != "failed" && result.status != "partial" {
            self.successes.with_label_values(table).inc();
        }
        if let (true, Some(staleness)) = (caught_up, staleness) {
            self.lags.with_label_values(table).observe(staleness);
        }
    }

    /// Sets what a table is behind now.
    pub(super) fn set_lag(&self, table: &str, seconds: f64, last: DateTime<Utc>) {
        self.lag.with_label_values(&[table]).set(seconds);
        #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 have 41 bits")]
        self.last_success.with_label_values(&[table]).set(last.timestamp_millis() as f64 / 1000.0);
    }

    /// Writes all of them.
    pub(super) fn text(&self) -> prometheus::Result<String> {
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }
}
