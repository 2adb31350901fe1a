//! Rejected rows: listed, tried again, discarded.

use super::status::none_before_the_first_run;
use crate::Firn;
use crate::folder::{Usable, source_name, with_source_schema};
use crate::view;
use crate::wire::{
    DiscardRequest, DiscardView, ErrorView, ErrorsView, HistoryRequest, RejectedCauseView, RejectedLineView,
    RejectedRef, RejectedRequest, RejectedRowView, RejectedView, RetryRequest, RetryView,
};
use firn_catalog::{TableName, is_settled_by_a_transform};
use firn_connector::{ErrorEntry, RejectedCause, RejectedQuery, RejectedStanding, Resolution, StateStore};
use firn_sync::{Event, ProgressSink};
use firn_workspace::Workspace;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Lists rejected rows of the workspace's tables, newest first. A table that is named may be one that the workspace
/// has no more.
///
/// # Errors
/// `untrusted`, `configuration`, and whatever keeps the state database from being asked.
pub async fn sync_errors(firn: &Firn, request: HistoryRequest) -> Result<ErrorsView, ErrorView> {
    let usable = firn.usable(&request.folder).await?;
    let (state, advice) = firn.state(&usable).await?;
    let sources = Sources::of(&usable, request.table.as_deref())?;
    if sources.names.is_empty() {
        return Ok(ErrorsView { errors: Vec::new() });
    }
    let query = RejectedQuery {
        sources: sources.names.clone(),
        resolved: request.resolved,
        payload: true,
        most: request.limit,
        ..RejectedQuery::default()
    };
    let found = none_before_the_first_run(state.rejected(&query).await);
    let (errors, _) = found.map_err(|error| advice.explain(error.into()))?;
    sources.check(&state, errors.is_empty()).await?;
    Ok(ErrorsView { errors: errors.into_iter().map(rejected).collect() })
}

/// Tries rejected rows again: reads them by their keys from the source, as they are now, and merges what the target
/// takes. Cursors stay where they are.
///
/// # Errors
/// `untrusted`, `configuration`, `busy` while a run of the workspace is going on in this process, and whatever keeps
/// all tables from being tried. What stops one table is part of its line.
pub async fn sync_retry(firn: &Firn, request: RetryRequest) -> Result<RetryView, ErrorView> {
    let ids = request.ids.iter().map(|id| number(id)).collect::<Result<Vec<i64>, _>>()?;
    let usable = firn.usable(&request.folder).await?;
    let tables = usable.tables(&request.tables)?;
    Firn::check_kinds(&usable)?;
    if let Some(run) = firn.inner.runs.going_on(&usable.folder.name) {
        let message = format!("a run of this workspace is going on since {}", run.view().started_at);
        return Err(ErrorView::busy(message).with_hint("wait for it, or cancel it, before rows are tried again"));
    }
    let chosen = if ids.is_empty() && request.error.is_none() {
        None
    } else {
        let sources = tables.iter().map(firn_sync::TableConfig::state_name).collect();
        let query =
            RejectedQuery { sources, ids, error: request.error.unwrap_or_default(), ..RejectedQuery::default() };
        Some(keys(firn, &usable, query).await?)
    };
    let drivers = firn.drivers(&usable).await?;
    let run_id = uuid::Uuid::new_v4().to_string();
    // A few rows by their keys: nobody follows that.
    let sink: Arc<dyn ProgressSink> = Arc::new(|_: Event| {});
    let cancel = CancellationToken::new();
    let outcome = match chosen {
        Some(keys) => drivers.engine.retry_chosen(&run_id, &tables, &keys, sink, cancel).await,
        None => drivers.engine.retry(&run_id, &tables, sink, cancel).await,
    };
    let advice = drivers.advice.clone();
    drivers.close().await?;
    if let Some(failure) = &outcome.failure {
        return Err(advice.explain(view::failure(failure)));
    }
    let mut retried = view::retried(&run_id, &outcome);
    retried.tables.iter_mut().for_each(|table| table.error = table.error.take().map(|error| advice.explain(error)));
    Ok(retried)
}

/// Returns table and key of open entries.
pub(super) async fn keys(
    firn: &Firn,
    usable: &Usable,
    query: RejectedQuery,
) -> Result<Vec<(String, serde_json::Map<String, serde_json::Value>)>, ErrorView> {
    let (state, advice) = firn.state(usable).await?;
    let found = state.rejected(&RejectedQuery { most: u32::MAX, ..query }).await;
    let (entries, _) = none_before_the_first_run(found).map_err(|error| advice.explain(error.into()))?;
    Ok(entries.into_iter().map(|entry| (entry.source, key(entry.pk))).collect())
}

/// Lists a stretch of rejected rows without their values, newest first, with how many there are for each reason.
///
/// # Errors
/// As [`sync_errors`].
pub async fn rejected_rows(firn: &Firn, request: RejectedRequest) -> Result<RejectedView, ErrorView> {
    let usable = firn.usable(&request.folder).await?;
    let (state, advice) = firn.state(&usable).await?;
    let all = Sources::of(&usable, None)?.names;
    let named = Sources::of(&usable, request.table.as_deref())?.names;
    if named.is_empty() {
        return Ok(RejectedView { rows: Vec::new(), matching: 0, causes: Vec::new() });
    }
    let query = RejectedQuery {
        sources: named,
        ids: Vec::new(),
        resolved: request.resolved,
        error: request.error.unwrap_or_default(),
        column: String::new(),
        search: request.search.trim().to_owned(),
        payload: false,
        skip: request.skip,
        most: request.limit,
    };
    let first = request.skip == 0;
    let (listed, causes) =
        tokio::join!(state.rejected(&query), async { if first { state.causes(&all).await } else { Ok(Vec::new()) } });
    let (entries, matching) = none_before_the_first_run(listed).map_err(|error| advice.explain(error.into()))?;
    let causes = none_before_the_first_run(causes).map_err(|error| advice.explain(error.into()))?;
    Ok(RejectedView {
        rows: entries.into_iter().map(line).collect(),
        matching,
        causes: causes.into_iter().map(|found| cause(&usable.workspace, found)).collect(),
    })
}

/// Returns one rejected row with its values.
///
/// # Errors
/// As [`sync_errors`], and `not_found` where the row is not kept any more.
pub async fn rejected_row(firn: &Firn, request: RejectedRef) -> Result<RejectedRowView, ErrorView> {
    let usable = firn.usable(&request.folder).await?;
    let (state, advice) = firn.state(&usable).await?;
    let query = RejectedQuery {
        ids: vec![number(&request.id)?],
        resolved: true,
        payload: true,
        most: 1,
        ..RejectedQuery::default()
    };
    let (entries, _) =
        none_before_the_first_run(state.rejected(&query).await).map_err(|error| advice.explain(error.into()))?;
    let gone = || ErrorView::not_found(format!("the rejected row #{} is not kept any more", request.id));
    entries.into_iter().next().map(rejected).ok_or_else(gone)
}

/// Closes rejected rows that nobody wants any more, with a note; they are listed among the resolved ones.
///
/// # Errors
/// `untrusted`, `configuration` where the note is missing or an id is none, and whatever keeps the state database from
/// being asked.
pub async fn sync_discard(firn: &Firn, request: DiscardRequest) -> Result<DiscardView, ErrorView> {
    let note = request.note.trim();
    if note.is_empty() {
        return Err(ErrorView::configuration("rejected rows are discarded with a note that says why"));
    }
    let ids = request.ids.iter().map(|id| number(id)).collect::<Result<Vec<i64>, _>>()?;
    let usable = firn.usable(&request.folder).await?;
    let (state, advice) = firn.state(&usable).await?;
    let sources = Sources::of(&usable, request.table.as_deref())?;
    let how = Resolution::given_up_by(firn.person(), note);
    let discarded = if sources.names.is_empty() {
        Vec::new()
    } else {
        let discarded = state.discard(&sources.names, &ids, &how).await;
        none_before_the_first_run(discarded).map_err(|error| advice.explain(error.into()))?
    };
    sources.check(&state, discarded.is_empty()).await?;
    let not_open = ids.iter().filter(|id| !discarded.contains(id)).map(i64::to_string).collect();
    Ok(DiscardView { discarded: discarded.iter().map(i64::to_string).collect(), not_open, note: note.to_owned() })
}

/// The tables that a request is about, as the state tables name them.
struct Sources {
    names: Vec<String>,
    /// What to say where a table of this name is neither in the workspace nor in the state tables.
    unknown: Option<ErrorView>,
}

impl Sources {
    fn of(usable: &Usable, table: Option<&str>) -> Result<Self, ErrorView> {
        let Some(table) = table else {
            return Ok(Self { names: usable.workspace.tables.iter().map(source_name).collect(), unknown: None });
        };
        match usable.state_name(table) {
            Ok(name) => Ok(Self { names: vec![name], unknown: None }),
            Err(unknown) => match TableName::parse(table) {
                Ok(name) => Ok(Self { names: vec![with_source_schema(&name).to_string()], unknown: Some(unknown) }),
                Err(_) => Err(unknown),
            },
        }
    }

    /// Makes sure that a table outside of the workspace is one that was synced once.
    async fn check(self, state: &impl StateStore, nothing_found: bool) -> Result<(), ErrorView> {
        let Some(unknown) = self.unknown.filter(|_| nothing_found) else { return Ok(()) };
        let query = RejectedQuery { sources: self.names, resolved: true, most: 1, ..RejectedQuery::default() };
        let (entries, _) = none_before_the_first_run(state.rejected(&query).await)?;
        if entries.is_empty() { Err(unknown) } else { Ok(()) }
    }
}

pub(super) fn number(id: &str) -> Result<i64, ErrorView> {
    id.parse().map_err(|_| {
        ErrorView::configuration(format!("`{id}` is not the number of a rejected row"))
            .with_hint("`firn sync errors` shows the number of each as #N")
    })
}

fn line(row: ErrorEntry) -> RejectedLineView {
    RejectedLineView {
        id: row.id.to_string(),
        source: row.source,
        occurred_at: row.occurred_at,
        pk: key(row.pk),
        code: row.code,
        column: row.column,
        error: row.error,
        kept: row.kept,
        attempts: row.attempts,
        resolved_at: row.resolved_at,
        resolved_by: row.resolved_by,
        note: row.note,
    }
}

fn cause(workspace: &Workspace, cause: RejectedCause) -> RejectedCauseView {
    RejectedCauseView {
        one_fix: cause.standing == RejectedStanding::Open && may_be_transformed(workspace, &cause),
        standing: match cause.standing {
            RejectedStanding::Open => "open",
            RejectedStanding::Settled => "settled",
            RejectedStanding::Discarded => "discarded",
        }
        .to_owned(),
        source: cause.source,
        code: cause.code,
        error: cause.error,
        column: cause.column,
        by: cause.by,
        note: cause.note,
        rows: cause.rows,
        first_met: cause.first_met,
        last_met: cause.last_met,
        closed_at: cause.closed_at,
    }
}

/// Returns whether a transform settles a cause: its reason is of that kind, and the column is neither in the key nor the
/// watermark, which travel as they are.
pub(super) fn may_be_transformed(workspace: &Workspace, cause: &RejectedCause) -> bool {
    let (Some(table), Some(column)) = (workspace.table(&cause.source), &cause.column) else { return false };
    is_settled_by_a_transform(&cause.code)
        && !table.pk.contains(column)
        && table.watermark_column.as_ref() != Some(column)
}

fn rejected(row: ErrorEntry) -> RejectedRowView {
    RejectedRowView {
        id: row.id.to_string(),
        source: row.source,
        occurred_at: row.occurred_at,
        run_id: row.run_id,
        pk: key(row.pk),
        payload: row.payload,
        code: row.code,
        column: row.column,
        error: row.error,
        attempts: row.attempts,
        resolved_at: row.resolved_at,
        resolved_by: row.resolved_by,
        note: row.note,
    }
}

/// Returns the key's columns with their texts. A value that is no text, which only another program writes, is shown as
/// JSON.
fn key(pk: serde_json::Value) -> serde_json::Map<String, serde_json::Value> {
    use serde_json::Value;
    let text = |value: Value| match value {
        Value::Null | Value::String(_) => value,
        other => Value::String(other.to_string()),
    };
    match pk {
        Value::Object(columns) => columns.into_iter().map(|(column, value)| (column, text(value))).collect(),
        _ => serde_json::Map::new(),
    }
}
