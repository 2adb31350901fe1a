//! A table's mapping, as a document has it that need not be saved.

use crate::Firn;
use crate::folder::{Usable, source_name, target_name};
use crate::foresights::Known;
use crate::run::iso;
use crate::view;
use crate::wire::{
    CastView, ColumnEdit, ColumnTreatment, ErrorView, MappingRequest, MappingView, SizesView, TableEdit, TableSizeView,
    TypeCasts, WorkspaceRef,
};
use chrono::{DateTime, Utc};
use firn_catalog::{CastForm, Dialect, WatermarkKind, casts, plan_column};
use firn_connector::TableAdvice;
use firn_postgres::quote;
use firn_sync::planning::PlannedColumn;
use firn_workspace::{TablePatch, TableSync, Value, Workspace};
use std::sync::Arc;

/// Shows a table's mapping: verdicts, target types and statements, as source and target answer. What they have said
/// before is used again where the request lets it and the edits ask for nothing new. Nothing is written.
///
/// # Errors
/// `untrusted`; `configuration` for a document with faults; whatever keeps both databases from being asked. What keeps
/// the table from running is part of its plan.
pub async fn mapping_show(firn: &Firn, request: MappingRequest) -> Result<MappingView, ErrorView> {
    let not_before = request.not_before.as_deref().map(moment).transpose()?;
    let mut usable = firn.usable(&request.folder).await?;
    usable.read_instead(firn, request.document.as_deref())?;
    let Some(table) = usable.workspace.table(&request.table).cloned() else {
        return Err(usable.unknown_table(&request.table));
    };
    let config = usable.table(&request.table)?;
    let roles = usable.roles()?;
    let roles = (roles.source.clone(), roles.target.clone());
    let (folder, source) = (usable.folder.name.clone(), config.state_name());
    let known = firn.inner.foresights.known(&folder, &source, &roles);
    let drivers = firn.drivers(&usable).await?;
    let young = known.as_ref().filter(|known| not_before.is_none_or(|moment| known.asked_at >= moment));
    let again = young.and_then(|known| Some((drivers.engine.plan_again(&config, &known.foresight)?, known.clone())));
    let (plan, advice_of_source, asked_at) = match again {
        Some((plan, known)) => (plan, Ok(known.advice), known.asked_at),
        None => {
            let asked_at = Utc::now();
            let before = known.as_ref().map(|known| known.foresight.as_ref());
            let engine = &drivers.engine;
            let ((plan, learned), offered) =
                futures::join!(engine.foresee(&config, before), engine.source.advise(&config.source));
            if let (Some(learned), Ok(offered)) = (learned, &offered) {
                let known = Known { foresight: Arc::new(learned), advice: offered.clone(), asked_at, roles };
                firn.inner.foresights.keep(&folder, &source, known);
            }
            (plan, offered, asked_at)
        }
    };
    let advice = drivers.advice.clone();
    drivers.close().await?;
    let advised = match advice_of_source {
        Err(_) if plan.failure.is_some() => TableAdvice::default(),
        offered => offered.map_err(|error| advice.explain(error.into()))?,
    };
    let candidates = plan.columns.iter().filter(|column| WatermarkKind::of(&column.own).is_some());
    let watermark_candidates = candidates.map(|column| column.name.clone()).collect();
    let mut wire = view::plan(&plan);
    wire.error = wire.error.take().map(|error| advice.explain(error));
    Ok(MappingView {
        source: source_name(&table),
        target: target_name(&table),
        pk: table.pk.clone(),
        watermark_column: table.watermark_column.clone(),
        mode: table.mode.word().to_owned(),
        filter: table.filter.clone(),
        on_drift: table.on_drift.word().to_owned(),
        on_unfit: table.on_unfit.word().to_owned(),
        deletes: table.deletes.word().to_owned(),
        treatments: treatments(&table),
        watermark_candidates,
        key_candidates: advised.keys.iter().map(view::key_candidate).collect(),
        watermarks: advised.watermarks.iter().map(view::watermark_candidate).collect(),
        idents: plan.columns.iter().map(|column| quote::ident(&column.name)).collect(),
        casts: offered(&plan.columns),
        asked_at: iso(asked_at),
        plan: wire,
    })
}

/// Asks the source how large the tables of a workspace are.
///
/// # Errors
/// `untrusted`, `configuration`, and whatever keeps the source from being asked.
pub async fn source_sizes(firn: &Firn, request: WorkspaceRef) -> Result<SizesView, ErrorView> {
    let usable = firn.usable(&request.folder).await?;
    let names: Vec<_> = usable.tables(&[])?.into_iter().map(|config| config.source).collect();
    let drivers = firn.drivers(&usable).await?;
    let found = drivers.engine.source.inspect_many(&names).await;
    let advice = drivers.advice.clone();
    drivers.close().await?;
    let found = found.map_err(|error| advice.explain(error.into()))?;
    let size = |table: firn_connector::SourceTable| TableSizeView {
        source: table.name.to_string(),
        estimated_rows: Some(table.estimated_rows).filter(|rows| *rows >= 0),
        bytes: table.bytes,
    };
    Ok(SizesView { tables: found.into_iter().flatten().map(size).collect() })
}

impl Usable {
    /// Takes a text that is not saved for the workspace's document.
    ///
    /// # Errors
    /// `configuration` with the faults of the text.
    pub(super) fn read_instead(&mut self, firn: &Firn, text: Option<&str>) -> Result<(), ErrorView> {
        if let Some(text) = text {
            self.workspace = Workspace::parse(text, &self.folder.file_name, &firn.inner.environment)?;
        }
        Ok(())
    }
}

fn moment(text: &str) -> Result<DateTime<Utc>, ErrorView> {
    let parsed = DateTime::parse_from_rfc3339(text);
    parsed
        .map(|moment| moment.with_timezone(&Utc))
        .map_err(|error| ErrorView::configuration(format!("`{text}` is no moment: {error}")))
}

/// Turns edits of a table's keys into a patch of its entry.
pub(super) fn patch(edit: &TableEdit) -> TablePatch {
    let TableEdit { pk, watermark_column, mode, target, filter, on_drift, on_unfit, deletes } = edit;
    let mut patch = TablePatch::new();
    match pk.as_deref() {
        None => {}
        Some([]) => patch = patch.unset("pk"),
        Some([one]) => patch = patch.set("pk", one.as_str()),
        Some(several) => patch = patch.set("pk", Value::from(several.to_vec())),
    }
    let words =
        [("mode", mode), ("target", target), ("on_drift", on_drift), ("on_unfit", on_unfit), ("deletes", deletes)];
    for (key, text) in words {
        if let Some(text) = text {
            patch = patch.set(key, text.as_str());
        }
    }
    for (key, text) in [("watermark_column", watermark_column), ("where", filter)] {
        match text.as_deref() {
            None => {}
            Some("") => patch = patch.unset(key),
            Some(text) => patch = patch.set(key, text),
        }
    }
    patch
}

/// Turns edits of columns into what the document holds for them.
///
/// # Errors
/// `configuration` for a cast that is none of those offered.
#[expect(clippy::type_complexity, reason = "the argument of `Document::set_transforms`")]
pub(super) fn transforms(columns: &[ColumnEdit]) -> Result<Vec<(String, Option<Option<String>>)>, ErrorView> {
    let transform = |edit: &ColumnEdit| {
        let transform = match &edit.treatment {
            ColumnTreatment::AsIs => None,
            ColumnTreatment::LeftOut => Some(None),
            ColumnTreatment::Expression { sql } => Some(Some(sql.clone())),
            ColumnTreatment::Cast { form } => {
                let known = CastForm::parse(form);
                let form =
                    known.ok_or_else(|| ErrorView::configuration(format!("`{form}` is no cast that is offered")))?;
                Some(Some(quote::cast(&edit.column, &form)))
            }
        };
        Ok((edit.column.clone(), transform))
    };
    columns.iter().map(transform).collect()
}

fn treatments(table: &TableSync) -> Vec<ColumnEdit> {
    let edit = |(column, sql): &(String, Option<String>)| ColumnEdit {
        column: column.clone(),
        treatment: match sql {
            None => ColumnTreatment::LeftOut,
            Some(sql) => ColumnTreatment::Expression { sql: sql.clone() },
        },
    };
    table.transform.iter().map(edit).collect()
}

/// Returns what the columns can be cast to, by their own type.
fn offered(columns: &[PlannedColumn]) -> Vec<TypeCasts> {
    let mut types: Vec<TypeCasts> = Vec::new();
    for column in columns {
        let source_type = column.own.to_string();
        if let Some(known) = types.iter_mut().find(|known| known.source_type == source_type) {
            known.columns.push(column.name.clone());
            continue;
        }
        let cast = |cast: firn_catalog::Cast| CastView {
            target_type: cast.ddl,
            form: cast.form.word(),
            verdict: view::verdict(cast.verdict).to_owned(),
            note: cast.note,
        };
        types.push(TypeCasts {
            source_type,
            target_type: plan_column(&column.own, Dialect::Duckdb).ddl,
            columns: vec![column.name.clone()],
            casts: casts(&column.own, Dialect::Duckdb).into_iter().map(cast).collect(),
        });
    }
    types
}
