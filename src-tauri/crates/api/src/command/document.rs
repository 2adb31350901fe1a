//! The workspace's document as text: shown, edited without being saved, saved.

use super::mapping::{patch, transforms};
use super::workspace::workspace_open;
use crate::Firn;
use crate::edit::replace;
use crate::folder::{problem, source_name, target_name};
use crate::wire::{DocumentEdit, DocumentSave, DocumentTable, DocumentView, ErrorView, WorkspaceRef, WorkspaceView};
use firn_catalog::{NameTemplate, TableName};
use firn_workspace::{Document, Problem, TableLines, TablePatch, Workspace};

/// Shows a workspace's document as the file holds it.
///
/// # Errors
/// `configuration` where there is none.
pub async fn document_show(firn: &Firn, request: WorkspaceRef) -> Result<DocumentView, ErrorView> {
    let folder = firn.read(&request.folder)?;
    Ok(view(firn, folder.text, &folder.file_name))
}

/// Edits a text as the document of a workspace would be edited: comments, order and untouched lines stay. Nothing is
/// written. Faults that a person has typed into the text are part of the answer.
///
/// # Errors
/// `configuration` for an edit that does not fit the text, and for one that would make it wrong.
pub async fn document_edit(firn: &Firn, request: DocumentEdit) -> Result<DocumentView, ErrorView> {
    let folder = firn.read(&request.folder)?;
    if request.tables.is_empty() {
        return Ok(view(firn, request.text, &folder.file_name));
    }
    let mut document = Document::parse(&request.text, &folder.file_name, &firn.inner.environment)?;
    let template = request.template.as_deref().map(NameTemplate::parse).transpose();
    let template = template.map_err(|error| ErrorView::configuration(error.to_string()))?;
    let mut patches: Vec<(&str, TablePatch)> = Vec::new();
    for change in &request.tables {
        let mut patch = patch(&change.edit);
        if let Some(template) = &template {
            let source =
                TableName::parse(&change.table).map_err(|error| ErrorView::configuration(error.to_string()))?;
            let target = template.name_for(&crate::folder::with_source_schema(&source));
            patch = patch.set("target", target.to_string());
        }
        patches.push((&change.table, patch));
    }
    let patches: Vec<(&str, &TablePatch)> = patches.iter().map(|(table, patch)| (*table, patch)).collect();
    document.set_tables(&patches)?;
    for change in request.tables.iter().filter(|change| !change.columns.is_empty()) {
        document.set_transforms(&change.table, &transforms(&change.columns)?)?;
    }
    Ok(view(firn, document.text().to_owned(), &folder.file_name))
}

/// Saves a text as the workspace's document, in one step.
///
/// # Errors
/// `busy` where the file holds another text than the one that was edited; `configuration` where the text would bring
/// faults that the file does not have.
pub async fn document_save(firn: &Firn, request: DocumentSave) -> Result<WorkspaceView, ErrorView> {
    let DocumentSave { folder: name, before, text } = request;
    let folder = firn.read(&name)?;
    if folder.text != before {
        return Err(ErrorView::busy(format!(
            "{} was changed by somebody else since it was read here",
            folder.file_name
        ))
        .with_hint("look at what they changed, then save again or take theirs"));
    }
    let known = folder.parsed.err().map(|error| error.problems).unwrap_or_default();
    let is_known = |fault: &Problem| known.iter().any(|old| old.path == fault.path && old.message == fault.message);
    let faults = Workspace::parse(&text, &folder.file_name, &firn.inner.environment).err();
    let faults = faults.map(|error| error.problems).unwrap_or_default();
    let fresh: Vec<_> = faults.iter().filter(|fault| !is_known(fault)).map(problem).collect();
    if !fresh.is_empty() {
        return Err(ErrorView::document(fresh));
    }
    if text != before {
        replace(&folder.file, &before, &text)?;
    }
    workspace_open(firn, WorkspaceRef { folder: name }).await
}

fn view(firn: &Firn, text: String, file_name: &str) -> DocumentView {
    let environment = &firn.inner.environment;
    let (problems, tables) = match Workspace::parse(&text, file_name, environment) {
        Err(error) => (error.problems.iter().map(problem).collect(), Vec::new()),
        Ok(workspace) => {
            // A text that was read as a workspace is a document, too.
            let lines = Document::parse(&text, file_name, environment).map(|document| document.table_lines());
            (Vec::new(), tables(&workspace, &lines.unwrap_or_default()))
        }
    };
    DocumentView { text, problems, tables }
}

fn tables(workspace: &Workspace, lines: &[TableLines]) -> Vec<DocumentTable> {
    let number = |line: Option<usize>| u32::try_from(line.unwrap_or(1)).unwrap_or(u32::MAX);
    let view = |(at, table): (usize, &firn_workspace::TableSync)| DocumentTable {
        source: source_name(table),
        target: target_name(table),
        pk: table.pk.clone(),
        watermark_column: table.watermark_column.clone(),
        mode: table.mode.word().to_owned(),
        deletes: table.deletes.word().to_owned(),
        on_drift: table.on_drift.word().to_owned(),
        on_unfit: table.on_unfit.word().to_owned(),
        first_line: number(lines.get(at).map(|lines| lines.first)),
        last_line: number(lines.get(at).map(|lines| lines.last)),
    };
    workspace.tables.iter().enumerate().map(view).collect()
}
