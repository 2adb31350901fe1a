//! A look at what has changed in the source since the last run.

use crate::Firn;
use crate::folder::source_name;
use crate::view;
use crate::wire::{DriftView, ErrorView, TableDriftView, WorkspaceRef};
use firn_connector::Result as Answer;
use firn_sync::Change;
use firn_workspace::TableSync;

/// Lists what has changed in the source of each table since its last run. A warehouse that nobody has written into since
/// it was last looked into is not opened, and one that another process has open is not waited for.
///
/// # Errors
/// `untrusted`, `configuration`; `busy` where another process has the warehouse open; whatever else keeps source or
/// target from being asked.
pub async fn source_drift(firn: &Firn, request: WorkspaceRef) -> Result<DriftView, ErrorView> {
    let usable = firn.usable(&request.folder).await?;
    let tables = usable.tables(&[])?;
    let (folder, target) = (usable.folder.name.clone(), usable.roles()?.target.clone());
    let drivers = firn.drivers_to_look(&usable).await?;
    let (engine, advice) = (drivers.engine.clone(), drivers.advice.clone());
    let before = firn.inner.foresights.remembered(&folder, &target);
    let found: Answer<_> = async {
        let known = engine.remember(&tables, before.as_deref()).await?;
        let found = engine.drift(&tables, &known).await?;
        firn.inner.foresights.remember(&folder, &target, known);
        Ok(found)
    }
    .await;
    drivers.close().await?;
    let found = found.map_err(|error| advice.explain(error.into()))?;
    let named = usable.workspace.tables.iter().zip(found).filter(|(_, changes)| !changes.is_empty());
    let drift = |(table, changes): (&TableSync, Vec<Change>)| TableDriftView {
        source: source_name(table),
        on_drift: table.on_drift.word().to_owned(),
        changes: changes.iter().map(view::change).collect(),
    };
    Ok(DriftView { tables: named.map(drift).collect() })
}
