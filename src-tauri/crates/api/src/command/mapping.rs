//! A table's mapping: shown with edits that are not saved, and saved.

use super::workspace::workspace_open;
use crate::Firn;
use crate::folder::{source_name, target_name};
use crate::view;
use crate::wire::{
    ColumnEdit, ColumnTreatment, ErrorView, MappingRequest, MappingView, TableEdit, WorkspaceRef, WorkspaceView,
};
use firn_catalog::WatermarkKind;
use firn_connector::TableAdvice;
use firn_workspace::{Document, EditError, TablePatch, TableSync, Value};

/// Shows a table's mapping as it would be with edits: verdicts, target types and statements, as source and target
/// answer them now. Nothing is written.
///
/// # Errors
/// `untrusted`; `configuration` where the document would be wrong with the edits; whatever keeps both databases from
/// being asked. What keeps the table from running is part of its plan.
pub async fn mapping_show(firn: &Firn, request: MappingRequest) -> Result<MappingView, ErrorView> {
    let mut usable = firn.usable(&request.folder).await?;
    let mut document = Document::parse(&usable.folder.text, &usable.folder.file_name, &firn.inner.environment)?;
    change(&mut document, &request)?;
    usable.workspace = document.workspace()?;
    let table = usable.workspace.table(&request.table).cloned();
    let config = usable.table(&request.table)?;
    let drivers = firn.drivers(&usable).await?;
    let engine = &drivers.engine;
    let (plans, offered) =
        futures::join!(engine.plan(std::slice::from_ref(&config)), engine.source.advise(&config.source));
    let advice = drivers.advice.clone();
    drivers.close().await?;
    let (Some(plan), Some(table)) = (plans.first(), table) else {
        return Err(ErrorView::other(format!("{} was not planned", request.table)));
    };
    let offered = match offered {
        Err(_) if plan.failure.is_some() => TableAdvice::default(),
        offered => offered.map_err(|error| advice.explain(error.into()))?,
    };
    let candidates = plan.columns.iter().filter(|column| WatermarkKind::of(&column.ty).is_some());
    let watermark_candidates = candidates.map(|column| column.name.clone()).collect();
    let mut wire = view::plan(plan);
    wire.error = wire.error.take().map(|error| advice.explain(error));
    Ok(MappingView {
        source: source_name(&table),
        target: target_name(&table),
        pk: table.pk.clone(),
        watermark_column: table.watermark_column.clone(),
        mode: table.mode.word().to_owned(),
        filter: table.filter.clone(),
        on_drift: table.on_drift.word().to_owned(),
        deletes: table.deletes.word().to_owned(),
        treatments: treatments(&table),
        yaml: document.table_lines(&request.table)?,
        watermark_candidates,
        key_candidates: offered.keys.iter().map(view::key_candidate).collect(),
        watermarks: offered.watermarks.iter().map(view::watermark_candidate).collect(),
        plan: wire,
    })
}

/// Saves edits of a table's mapping in the workspace's document; comments, order and other lines stay as they are.
///
/// # Errors
/// `untrusted`; `configuration` where the document would be wrong; `busy` where somebody else wrote the file meanwhile.
pub async fn mapping_save(firn: &Firn, request: MappingRequest) -> Result<WorkspaceView, ErrorView> {
    let usable = firn.usable(&request.folder).await?;
    firn.edit(&usable.folder.name, |document| change(document, &request))?;
    workspace_open(firn, WorkspaceRef { folder: request.folder }).await
}

pub(super) fn change(document: &mut Document, request: &MappingRequest) -> Result<(), EditError> {
    let TableEdit { pk, watermark_column, mode, target, filter, on_drift, deletes } = &request.edit;
    let mut patch = TablePatch::new();
    match pk.as_deref() {
        None => {}
        Some([one]) => patch = patch.set("pk", one.as_str()),
        Some(several) => patch = patch.set("pk", Value::from(several.to_vec())),
    }
    for (key, text) in [("mode", mode), ("target", target), ("on_drift", on_drift), ("deletes", deletes)] {
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
    document.set_table(&request.table, &patch)?;
    let transforms: Vec<_> = request.columns.iter().map(|edit| (edit.column.clone(), transform(edit))).collect();
    document.set_transforms(&request.table, &transforms)
}

fn transform(edit: &ColumnEdit) -> Option<Option<String>> {
    match &edit.treatment {
        ColumnTreatment::AsIs => None,
        ColumnTreatment::LeftOut => Some(None),
        ColumnTreatment::Expression { sql } => Some(Some(sql.clone())),
    }
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
