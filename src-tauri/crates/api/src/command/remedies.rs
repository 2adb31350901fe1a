//! What settles rejected rows: transforms that are offered, tried on the very rows, and the values to judge them by.

use super::errors::{keys, may_be_transformed, number};
use super::status::none_before_the_first_run;
use crate::Firn;
use crate::wire::{
    ErrorView, RejectedColumnView, RejectedValues, RejectedValuesRequest, RejectedValuesView, RemediesRequest,
    RemediesView, RemedyTransform, RemedyView, TryFailure, TryRequest, TryValue, TryView,
};
use firn_catalog::remedies;
use firn_connector::{RejectedCause, RejectedQuery, RejectedStanding, StateStore as _};
use firn_postgres::quote;
use firn_sync::Trial;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Rows whose values are given at once.
const MOST_ROWS: usize = 1_000;
/// Characters of a value in a grid.
const MOST_CHARS: u32 = 1_000;

/// Returns the values of rejected rows for a grid, long ones cut off.
///
/// # Errors
/// As [`super::sync_errors`], and `configuration` for more rows than are given at once.
pub async fn rejected_values(firn: &Firn, request: RejectedValuesRequest) -> Result<RejectedValuesView, ErrorView> {
    if request.ids.len() > MOST_ROWS {
        return Err(ErrorView::configuration(format!(
            "the values of at most {MOST_ROWS} rejected rows are given at once"
        )));
    }
    let ids = request.ids.iter().map(|id| number(id)).collect::<Result<Vec<i64>, _>>()?;
    let mut view = RejectedValuesView { rows: Vec::new(), most_chars: MOST_CHARS };
    if ids.is_empty() {
        return Ok(view);
    }
    let usable = firn.usable(&request.folder).await?;
    let (state, advice) = firn.state(&usable).await?;
    let most = u32::try_from(ids.len()).unwrap_or(u32::MAX);
    let query = RejectedQuery { ids, resolved: true, payload: true, most, ..RejectedQuery::default() };
    let found = none_before_the_first_run(state.rejected(&query).await);
    let (entries, _) = found.map_err(|error| advice.explain(error.into()))?;
    view.rows.extend(entries.into_iter().map(|entry| RejectedValues {
        id: entry.id.to_string(),
        values: match entry.payload {
            Value::Object(payload) => Some(payload.into_iter().map(|(name, value)| (name, text(value))).collect()),
            _ => None,
        },
    }));
    Ok(view)
}

/// Returns a value as the text of a cell.
fn text(value: Value) -> Value {
    let text = match value {
        Value::Null => return Value::Null,
        Value::String(text) => text,
        other => other.to_string(),
    };
    match text.char_indices().nth(MOST_CHARS as usize) {
        // One character more than is shown says that there are others.
        Some((end, _)) => Value::String(format!("{}…", &text[..end])),
        None => Value::String(text),
    }
}

/// Says what settles the open rejected rows of a table, by column and reason, and what its columns are in the source.
///
/// # Errors
/// `untrusted`, `configuration`, and whatever keeps source or state database from being asked.
pub async fn rejected_remedies(firn: &Firn, request: RemediesRequest) -> Result<RemediesView, ErrorView> {
    let usable = firn.usable(&request.folder).await?;
    let config = usable.table(&request.table)?;
    let (state, advice) = firn.state(&usable).await?;
    let causes = none_before_the_first_run(state.causes(&[config.state_name()]).await);
    let causes: Vec<(String, String)> = causes
        .map_err(|error| advice.explain(error.into()))?
        .into_iter()
        .filter(|cause| cause.standing == RejectedStanding::Open && may_be_transformed(&usable.workspace, cause))
        .filter_map(|RejectedCause { column, code, .. }| Some((column?, code)))
        .collect();
    // Only the transforms that are in question have to be typed.
    let before = |column: &String| config.transforms.get(column).cloned().flatten();
    let typed: BTreeMap<String, String> =
        causes.iter().filter_map(|(column, _)| Some((column.clone(), before(column)?))).collect();
    let drivers = firn.drivers(&usable).await?;
    let table = drivers.engine.source.inspect(&config.source, &typed, None).await;
    let advice = drivers.advice.clone();
    drivers.close().await?;
    let table = table.map_err(|error| advice.explain(error.into()))?;
    let mut offered: Vec<RemedyView> = Vec::new();
    for (column, code) in causes {
        let own = table.columns.iter().find(|known| known.name == column).map(|known| &known.ty);
        let Some(ty) = table.expressions.get(&column).or(own) else { continue };
        let transform = before(&column);
        let transforms = remedies(&code, ty).into_iter().map(|remedy| RemedyTransform {
            sql: quote::remedy(&column, transform.as_deref(), &remedy.form),
            outcome: remedy.outcome.to_owned(),
        });
        let transforms: Vec<RemedyTransform> = transforms.collect();
        if !offered.iter().any(|known| known.column == column && known.code == code) {
            offered.push(RemedyView { column, code, transforms });
        }
    }
    let column = |column: &firn_connector::SourceColumn| RejectedColumnView {
        name: column.name.clone(),
        source_type: column.ty.to_string(),
        key: config.key.contains(&column.name),
    };
    Ok(RemediesView { columns: table.columns.iter().map(column).collect(), remedies: offered })
}

/// Tries a transform on open rejected rows: reads them by their keys from the source, as they are now, on the path of a
/// run up to the target. Nothing is written.
///
/// # Errors
/// `untrusted`; `configuration` for a transform that the server does not take, with the server's message, and for a table
/// that could not run with it; whatever keeps source, target or state from being asked. What fails on a row is part of
/// the answer.
pub async fn rejected_try(firn: &Firn, request: TryRequest) -> Result<TryView, ErrorView> {
    let TryRequest { folder, table, column, sql, ids, error, document } = request;
    let sql = sql.trim().to_owned();
    if sql.is_empty() {
        return Err(ErrorView::configuration(format!("there is no transform of `{column}` to try"))
            .with_hint("write an SQL expression over the table's columns"));
    }
    let ids = ids.iter().map(|id| number(id)).collect::<Result<Vec<i64>, _>>()?;
    let mut usable = firn.usable(&folder).await?;
    usable.read_instead(firn, document.as_deref())?;
    let mut config = usable.table(&table)?;
    config.transforms.insert(column.clone(), Some(sql.clone()));
    let all_of_the_column = ids.is_empty() && error.is_none();
    let query = RejectedQuery {
        sources: vec![config.state_name()],
        ids,
        error: error.unwrap_or_default(),
        column: if all_of_the_column { column.clone() } else { String::new() },
        ..RejectedQuery::default()
    };
    let entries: Vec<Map<String, Value>> = keys(firn, &usable, query).await?.into_iter().map(|(_, key)| key).collect();
    let drivers = firn.drivers(&usable).await?;
    let trial = drivers.engine.try_on(&config, &column, &entries).await;
    let advice = drivers.advice.clone();
    drivers.close().await?;
    let trial = trial.map_err(|error| advice.explain(error.into()))?;
    Ok(wire(config.state_name(), column, sql, trial))
}

fn wire(source: String, column: String, sql: String, trial: Trial) -> TryView {
    let Trial { rows, passed, failed, gone, without_key, untried, nulls, changed, failures, values, target_type, ddl } =
        trial;
    let failure = |failure: firn_sync::trial::TrialFailure| TryFailure {
        pk: failure.key,
        column: failure.column,
        code: failure.code,
        message: failure.message,
    };
    let value =
        |value: firn_sync::trial::TrialValue| TryValue { pk: value.key, before: value.before, after: value.after };
    TryView {
        source,
        column,
        sql,
        rows,
        passed,
        failed,
        gone,
        without_key,
        untried,
        nulls,
        changed,
        target_type,
        ddl,
        failures: failures.into_iter().map(failure).collect(),
        values: values.into_iter().map(value).collect(),
    }
}
