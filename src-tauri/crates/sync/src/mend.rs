//! Trying rejected rows again: read by their keys as they are now, and merged under the lease of the table.
//!
//! The cursor stays where it is. What is read is the newest version of each row that is committed, nobody else writes
//! to the table meanwhile, and the fence stands against a runner that lost its lease: a newer row is never overwritten.

use crate::commit::{canonical, key_json};
use crate::config::Mode;
use crate::event::Stage;
use crate::group::Group;
use crate::planning::Prepared;
use crate::table::{Looked, TableRun, Task};
use firn_connector::{
    Error, ErrorKind, Finding, Key, Level, Phase, ReadBatch, ReadPlan, ReadScope, Resolution, Result, SeenChange, Side,
    Snapshot, WriteMode, Writer,
};
use futures::StreamExt as _;
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Rows read and committed together. Where the target refuses them still, each is looked for: few at a time keep the
/// commit from counting as refused as a whole.
const GROUP: usize = 500;

/// Who closes entries, as `sync_errors.resolved_by` has it.
const BY: &str = "retry";

/// Keys of the entries that are tried, by source table.
pub(crate) type Chosen = Arc<HashMap<String, HashSet<String>>>;

/// Notes which entries are to be tried.
pub(crate) fn chosen(keys: &[(String, Map<String, Value>)]) -> Chosen {
    let mut chosen: HashMap<String, HashSet<String>> = HashMap::new();
    for (source, key) in keys {
        chosen.entry(source.clone()).or_default().insert(canonical(key));
    }
    Arc::new(chosen)
}

/// An open entry as it is stored, and the key to read its row by.
type Entry = (Map<String, Value>, Key);

/// Reads the rows of the table's open entries and merges what the target takes now.
pub(crate) async fn entries(run: &mut TableRun<'_>) -> Result<()> {
    let Looked { prepared, mut writer, mut open } = run.look().await?;
    if let Task::RetryChosen(chosen) = &run.task {
        let chosen = chosen.get(&run.source);
        open.retain(|entry| chosen.is_some_and(|keys| keys.contains(&canonical(entry))));
    }
    if run.config.mode == Mode::Incremental && !matches!(run.state.phase, Phase::Incremental { .. }) {
        let message = "the table has not been loaded yet, and its first load reads every row anyway";
        return Err(Error::new(Side::Engine, ErrorKind::Other, message)
            .with_hint(format!("firn sync run {}, then try again what is rejected still", run.source)));
    }
    let all = open.len();
    let with_key = |entry: Map<String, Value>| read_key(&prepared, &entry).map(|key| (entry, key));
    let readable: Vec<Entry> = open.into_iter().filter_map(with_key).collect();
    run.counters.rows_without_key = (all - readable.len()) as u64;
    note_without_key(run, &prepared);
    if readable.is_empty() {
        return Ok(());
    }
    run.stage(Stage::Reading);
    let snapshot = run.view(&prepared, Arc::clone(&prepared.read), 1).await?;
    for part in readable.chunks(GROUP) {
        let gone = merge(run, &prepared, snapshot.as_ref(), writer.as_mut(), part).await?;
        close(run, &prepared, gone).await?;
        run.emit_progress();
    }
    Ok(())
}

/// Reads the rows of some entries and commits them; returns the entries for which no row is read.
async fn merge(
    run: &mut TableRun<'_>,
    prepared: &Prepared,
    snapshot: &dyn Snapshot,
    writer: &mut dyn Writer,
    part: &[Entry],
) -> Result<Vec<Entry>> {
    let mut group = Group::default();
    let mut found = HashSet::new();
    let keys = part.iter().map(|(_, key)| key.clone()).collect();
    let mut stream = snapshot.read(ReadScope::Keys(keys)).await?;
    while let Some(batch) = stream.next().await {
        let batch = batch?;
        let bytes = batch.bytes;
        note_keys(prepared, &batch, &mut found);
        let admitted = run.admit(prepared, batch, None, None, &mut group)?;
        if let Some(batch) = admitted.batch {
            run.stage_batch(writer, &mut group, WriteMode::Upsert, batch, bytes).await?;
        }
    }
    if !group.is_empty() {
        let state = run.state.clone();
        run.commit(prepared, writer, group, WriteMode::Upsert, state, SeenChange::Keep).await?;
    }
    Ok(part.iter().filter(|(entry, _)| !found.contains(&canonical(entry))).cloned().collect())
}

/// Closes entries whose row is not read any more, and says why: it is gone, or outside of the table's condition.
async fn close(run: &mut TableRun<'_>, prepared: &Prepared, gone: Vec<Entry>) -> Result<()> {
    if gone.is_empty() {
        return Ok(());
    }
    let there =
        if prepared.read.filter.is_some() { without_condition(run, prepared, &gone).await? } else { HashSet::new() };
    let (left, gone): (Vec<Entry>, Vec<Entry>) =
        gone.into_iter().partition(|(entry, _)| there.contains(&canonical(entry)));
    let notes = [
        (gone, "gone: the source has no row with this key any more"),
        (left, "left out: the row does not match the table's `where` any more"),
    ];
    for (entries, note) in notes.into_iter().filter(|(entries, _)| !entries.is_empty()) {
        let keys: Vec<Map<String, Value>> = entries.into_iter().map(|(entry, _)| entry).collect();
        run.engine.state.resolve(&run.source, &keys, &Resolution::given_up_by(BY, note)).await?;
        run.counters.rows_gone += keys.len() as u64;
        for key in keys {
            run.open_keys.remove(&canonical(&key));
        }
    }
    Ok(())
}

/// Returns which of these entries have a row when the table's condition is left out. Only the keys are read.
async fn without_condition(run: &TableRun<'_>, prepared: &Prepared, entries: &[Entry]) -> Result<HashSet<String>> {
    let plan = ReadPlan {
        columns: prepared.read.key.iter().map(|&at| prepared.read.columns[at].clone()).collect(),
        key: (0..prepared.read.key.len()).collect(),
        watermark: None,
        filter: None,
        row_versions: false,
        ..(*prepared.read).clone()
    };
    let keys_only = Prepared { read: Arc::new(plan), ..prepared.clone() };
    let snapshot = run.engine.source.snapshot(Arc::clone(&keys_only.read), 1).await?;
    let keys = entries.iter().map(|(_, key)| key.clone()).collect();
    let mut stream = snapshot.read(ReadScope::Keys(keys)).await?;
    let mut found = HashSet::new();
    while let Some(batch) = stream.next().await {
        note_keys(&keys_only, &batch?, &mut found);
    }
    Ok(found)
}

/// Notes the keys of a batch, those of its refused rows among them.
fn note_keys(prepared: &Prepared, read: &ReadBatch, found: &mut HashSet<String>) {
    found.extend((0..read.batch.num_rows()).map(|row| canonical(&key_json(prepared, &read.batch, row))));
    let names = || prepared.read.key.iter().map(|&at| prepared.read.columns[at].name.clone());
    for texts in read.refused.iter().filter_map(|row| row.key.as_ref()) {
        let values = texts.iter().map(|text| text.clone().map_or(Value::Null, Value::String));
        found.insert(canonical(&names().zip(values).collect()));
    }
}

/// Returns the key of an entry as the table's key is now; `None` where a column is missing or NULL.
pub(crate) fn read_key(prepared: &Prepared, entry: &Map<String, Value>) -> Option<Key> {
    let columns = &prepared.read.key;
    let text = |at: &usize| entry.get(&prepared.read.columns[*at].name)?.as_str().map(str::to_owned);
    let key: Key = columns.iter().map(text).collect::<Option<_>>()?;
    (!key.is_empty() && key.len() == entry.len()).then_some(key)
}

fn note_without_key(run: &mut TableRun<'_>, prepared: &Prepared) {
    let rows = run.counters.rows_without_key;
    if rows == 0 {
        return;
    }
    let columns: Vec<&str> = prepared.read.key.iter().map(|&at| prepared.read.columns[at].name.as_str()).collect();
    let what = if rows == 1 { "1 rejected row has".to_owned() } else { format!("{rows} rejected rows have") };
    let message = format!("{what} no whole key ({}) and cannot be read again by it", columns.join(", "));
    run.note(Finding::new(Level::Warning, "rejected_without_key", message).with_fix(format!(
        "give such rows a key at the source: with a new watermark the next run brings them. Then close the entries: \
         firn sync discard {} --id N --note \"key given\"",
        run.source
    )));
}
