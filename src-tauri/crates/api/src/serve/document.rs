//! The workspace's document while it is served: read again when it changes.

use crate::Firn;
use crate::folder::{Usable, source_name, target_name};
use crate::wire::{ErrorView, ServeRequest, TableSchedule};
use firn_schedule::Rule;
use firn_sync::TableConfig;
use firn_workspace::Schedule;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

/// The workspace that is served.
pub(super) struct Document {
    firn: Firn,
    request: ServeRequest,
    file: PathBuf,
    /// How the file looked when it was last read, whatever came of it.
    stamp: Option<Stamp>,
    pub(super) served: Served,
}

/// A workspace as it was when it was last sound.
#[derive(Clone)]
pub(super) struct Served {
    pub(super) usable: Arc<Usable>,
    /// By the name under which state is kept.
    pub(super) tables: BTreeMap<String, Table>,
}

/// A table that is served.
#[derive(Clone)]
pub(super) struct Table {
    pub(super) config: TableConfig,
    pub(super) rule: Rule,
    pub(super) schedule: TableSchedule,
}

/// Tells a file from the one that was there before without reading it.
type Stamp = (Option<SystemTime>, u64);

impl Document {
    /// Reads the workspace for the first time.
    pub(super) async fn open(firn: &Firn, request: ServeRequest) -> Result<Self, ErrorView> {
        let file = firn.read(&request.folder)?.file;
        let stamp = stamp(&file);
        let served = read(firn, &request).await?;
        Ok(Self { firn: firn.clone(), request, file, stamp, served })
    }

    /// Reads the workspace again where its file has changed: `None` where it has not, else whether it can be used.
    pub(super) async fn look(&mut self) -> Option<Result<(), ErrorView>> {
        let stamp = stamp(&self.file);
        if stamp == self.stamp {
            return None;
        }
        self.stamp = stamp;
        Some(read(&self.firn, &self.request).await.map(|served| self.served = served))
    }
}

fn stamp(file: &std::path::Path) -> Option<Stamp> {
    let about = std::fs::metadata(file).ok()?;
    Some((about.modified().ok(), about.len()))
}

async fn read(firn: &Firn, request: &ServeRequest) -> Result<Served, ErrorView> {
    let usable = firn.usable(&request.folder).await?;
    let configs = usable.tables(&request.tables)?;
    Firn::check_kinds(&usable)?;
    let interval = usable.workspace.sync_interval;
    let mut tables = BTreeMap::new();
    for config in configs {
        let name = config.state_name();
        let Some(table) = usable.workspace.tables.iter().find(|table| source_name(table) == name) else { continue };
        let schedule = table.schedule.clone().unwrap_or(Schedule::Every(interval));
        let rule = match &schedule {
            Schedule::Every(span) => Rule::Every(*span),
            Schedule::Cron(line) => {
                let rule = Rule::cron(&line.fields, line.zone);
                rule.map_err(|error| ErrorView::configuration(format!("{}: {error}", table.source)))?
            }
        };
        let schedule =
            TableSchedule { source: name.clone(), target: target_name(table), schedule: schedule.to_string() };
        tables.insert(name, Table { config, rule, schedule });
    }
    Ok(Served { usable: Arc::new(usable), tables })
}
