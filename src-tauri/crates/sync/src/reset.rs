//! Moving a cursor back: the only way it ever does.

use crate::config::TableConfig;
use crate::engine::Engine;
use crate::lease::{self, Grant};
use crate::planning::expressions;
use firn_catalog::{Watermark, WatermarkKind};
use firn_connector::{Cursor, Error, LogEntry, Phase, Result, SourceShape, TableReport, TableState};

/// Sets the cursor of a table to just before `to`, or forgets where it stood.
pub(crate) async fn reset(
    engine: &Engine,
    run_id: &str,
    config: &TableConfig,
    to: Option<&str>,
) -> Result<(Option<String>, Option<String>)> {
    let on_table = |error: Error| error.on_table(&config.source);
    let to = match to {
        Some(text) => Some(parse(engine, config, text).await.map_err(on_table)?),
        None => None,
    };
    let source = config.state_name();
    let stored = engine.target.state(&source).await?;
    let floor = stored.as_ref().map_or(0, |(_, epoch)| *epoch);
    let epoch = match lease::acquire(engine, config, run_id, floor).await? {
        Grant::Epoch(epoch) => epoch,
        Grant::Held(error) => return Err(error),
    };
    // The state may have moved while the lease was somebody else's.
    let stored = engine.target.state(&source).await?.map(|(state, _)| state).unwrap_or_default();
    let before = stored.cursor().map(|c| c.watermark.text());
    engine.target.fence(&source, epoch).await?;
    // What the columns were stays known, or a column renamed meanwhile would come twice. Everything else is accepted
    // as it is now: the table that stands there, its key, its watermark.
    let shape = stored.shape.map(|shape| SourceShape {
        origin: 0,
        key: Vec::new(),
        watermark: None,
        unique_key: false,
        ..shape
    });
    let state = match to {
        Some(watermark) => {
            let phase = Phase::Incremental { cursor: Some(Cursor::before(watermark)) };
            Some(TableState { phase, shape, ..TableState::default() })
        }
        None => shape.map(|shape| TableState { shape: Some(shape), ..TableState::default() }),
    };
    let after = to.map(Watermark::text);
    let done = engine.target.reset(&source, state, epoch).await;
    let (status, message) = match &done {
        Ok(()) => ("success", format!("cursor reset to {}", after.as_deref().unwrap_or("the beginning"))),
        Err(error) => ("error", error.chain()),
    };
    let report = TableReport {
        source: source.clone(),
        watermark: if done.is_ok() { after.clone() } else { before.clone() },
        cursor_key: None,
        last_run: None,
        status: status.to_owned(),
        error: done.as_ref().err().map(Error::chain),
        rows_processed: 0,
        holder: Some(engine.holder.clone()),
        open_errors: 0,
    };
    let log = LogEntry {
        run_id: run_id.to_owned(),
        source,
        started_at: String::new(),
        finished_at: None,
        status: status.to_owned(),
        rows_read: 0,
        rows_merged: 0,
        rows_rejected: 0,
        message: Some(message),
    };
    engine.state.report(&report, &log, epoch).await?;
    done.map_err(on_table)?;
    Ok((before, after))
}

async fn parse(engine: &Engine, config: &TableConfig, text: &str) -> Result<Watermark> {
    let Some(name) = &config.watermark else {
        return Err(Error::configuration("the table has no watermark column, so no time to go back to")
            .with_hint("reset it without --to"));
    };
    let table = engine.source.inspect(&config.source, &expressions(config), None).await?;
    let column = table.columns.iter().find(|c| &c.name == name);
    let Some(kind) = column.and_then(|c| WatermarkKind::of(&c.ty)) else {
        return Err(Error::configuration(format!("`{name}` is not a watermark column of the source table")));
    };
    Watermark::parse(kind, text).map_err(|error| Error::configuration(error.to_string()))
}
