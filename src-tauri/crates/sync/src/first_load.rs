//! A first load: page ranges read in parallel under one snapshot, committed range by range, resumable.
//!
//! Each reader sends whole ranges down a lane of its own. The writer takes from all lanes; when a group is full it
//! takes only from lanes in the middle of a range, until every range begun is complete, and commits. So a commit
//! always ends at range boundaries, memory stays bounded by the lanes, and readers go on reading ahead.

use crate::event::Stage;
use crate::group::Group;
use crate::memory::Memory;
use crate::planning::{BULK_ROWS, PhaseName, Prepared};
use crate::position::{add_range, remaining};
use crate::table::TableRun;
use firn_catalog::Watermark;
use firn_connector::switches::{Protection, hold, on};
use firn_connector::{
    Cursor, Error, ErrorKind, PageOrigin, PageRange, Phase, ReadBatch, ReadPlan, ReadScope, Result, SeenChange, Side,
    Snapshot, TableState, WriteMode, Writer,
};
use futures::StreamExt as _;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Batches a reader may be ahead of the writer.
const LANE_BATCHES: usize = 4;
/// How many page ranges there should be at least in a group, where the target says how large it should be.
const RANGES_OF_A_GROUP: u64 = 8;
/// Smallest page range, in bytes.
const LEAST_RANGE: u64 = 1 << 20;
const PAGE: u64 = 8192;

/// Returns whether the table is to be read by page ranges.
///
/// Only over a unique key: ranges come in the order of the heap, so of two rows with one key in two commits the later
/// commit would win, not the newer row. Such a table begins with a pass, which reads in the order of the watermark.
pub(crate) fn is_due(state: &TableState, prepared: &Prepared) -> bool {
    prepared.table.page_ranges && prepared.unique_key && !matches!(state.phase, Phase::Incremental { .. })
}

/// Returns the size of a range: the setting, or less so that each reader gets several.
pub(crate) fn range_bytes(setting: u64, pages: u32, readers: usize) -> u64 {
    let share = u64::from(pages) * PAGE / (4 * readers.max(1) as u64);
    share.clamp(LEAST_RANGE.min(setting), setting)
}

/// What a reader reads at a time, and the range that is done with it.
type Piece = (ReadScope, PageRange);

enum Message {
    Begin,
    Batch(ReadBatch),
    End(PageRange),
    Failed(Error),
}

struct Lane {
    messages: mpsc::Receiver<Message>,
    in_range: bool,
    ended: bool,
}

/// What the load started from and has come to.
struct Load {
    horizon: Option<Watermark>,
    generation: String,
    done: Vec<PageRange>,
    /// Oldest transaction in progress at the first snapshot.
    since: u32,
    mode: WriteMode,
    /// Largest watermark below the horizon so far, earlier runs included.
    largest: Option<Watermark>,
    /// Marks of rows that catching up reads again, so that it does not stage them again.
    memory: Option<Memory>,
}

/// Reads what is left of a first load and puts the cursor at the horizon of its first snapshot.
pub(crate) async fn load(run: &mut TableRun<'_>, prepared: &Prepared, writer: &mut dyn Writer) -> Result<()> {
    let engine = run.engine;
    let _alone = engine.alone_if_large(prepared.table.bytes).await?;
    let bulk = Arc::new(ReadPlan { batch_rows: BULK_ROWS, ..(*prepared.read).clone() });
    let (mut load, snapshot) = begin(run, prepared, bulk).await?;
    let resumed = !load.done.is_empty();
    let phase = if resumed { PhaseName::ResumeFirstLoad } else { PhaseName::FirstLoad };
    run.emit_phase(phase, u64::try_from(prepared.table.estimated_rows).ok());
    run.stage(Stage::Reading);

    // A commit ends at the end of each range begun: small ranges let it end near its size.
    let range_bytes = engine.range_bytes(prepared.table.pages).min(writer.group_bytes() / RANGES_OF_A_GROUP);
    let group_bytes = engine.settings.group_bytes.min(writer.group_bytes());
    let ranges = snapshot.ranges(range_bytes).await?;
    let mut pieces: Vec<Piece> = remaining(&ranges, &load.done).into_iter().map(|r| (ReadScope::Pages(r), r)).collect();
    if on(Protection::ResumeRereads) {
        // A row that was changed since may stand in a range that is done, out of one that was left. Mostly its
        // watermark tells, and catching up finds it; a row changed without it would never be met again.
        pieces.extend(load.done.iter().map(|r| (ReadScope::PagesSince(*r, load.since), *r)));
    }
    let (mut lanes, _readers) = start_readers(snapshot, pieces, engine.settings.readers);
    let mut group = Group::default();
    let mut ended: Vec<PageRange> = Vec::new();
    let mut closing = false;
    loop {
        if closing && lanes.iter().all(|lane| !lane.in_range) {
            for range in ended.drain(..) {
                add_range(&mut load.done, range);
            }
            let state = load.state(run);
            load.commit(run, prepared, writer, std::mem::take(&mut group), state).await?;
            closing = false;
        }
        match next(&mut lanes, closing).await {
            None => break,
            Some(Message::Begin) => {}
            Some(Message::Failed(error)) => return Err(error),
            Some(Message::End(range)) => {
                ended.push(range);
                let settings = &engine.settings;
                closing = closing || group.is_full(usize::MAX, group_bytes, settings.group_time);
            }
            Some(Message::Batch(batch)) => {
                let bytes = batch.bytes;
                load.track(run, prepared, &batch);
                let admitted = run.admit(prepared, batch, load.horizon, load.memory.as_mut(), &mut group)?;
                if let Some(batch) = admitted.batch {
                    run.stage_batch(writer, &mut group, load.mode, batch, bytes).await?;
                }
                run.emit_progress();
            }
        }
    }
    let first = on(Protection::CatchUpFromFirstHorizon);
    let from = if first { load.catch_up_from() } else { run.horizon(prepared).await?.at };
    if let Some(memory) = &mut load.memory {
        memory.remember_top();
    }
    let state = TableState { phase: Phase::Incremental { cursor: from.map(Cursor::before) }, ..load.state(run) };
    load.commit(run, prepared, writer, group, state).await
}

/// Takes up where an earlier run stopped, or begins with a horizon and then a snapshot.
async fn begin(run: &mut TableRun<'_>, prepared: &Prepared, bulk: Arc<ReadPlan>) -> Result<(Load, Box<dyn Snapshot>)> {
    let readers = run.engine.settings.readers;
    if let Phase::FirstLoad { horizon, generation, done, since, largest } = run.state.phase.clone() {
        let snapshot = run.view(prepared, Arc::clone(&bulk), readers).await?;
        if generation == snapshot.origin().await?.generation || !on(Protection::GenerationCheck) {
            // A new snapshot: rows may have moved from a range that is done into one that is left. Upserts keep them
            // single.
            let mode = if on(Protection::ResumeUpserts) { WriteMode::Upsert } else { WriteMode::Append };
            return Ok((
                Load { horizon, generation, done, since, mode, largest, memory: horizon.map(|_| Memory::default()) },
                snapshot,
            ));
        }
        tracing::info!(table = %run.source, "the table was rewritten since its first load began: starting over");
    }
    let horizon = run.horizon(prepared).await?;
    hold("engine.between_horizon_and_snapshot").await;
    let snapshot = run.view(prepared, bulk, readers).await?;
    let PageOrigin { generation, oldest_transaction: since } = snapshot.origin().await?;
    let untouched = prepared.target_empty && matches!(run.state.phase, Phase::New);
    let load = Load {
        horizon: horizon.at,
        generation,
        done: Vec::new(),
        since,
        mode: if untouched { WriteMode::Append } else { WriteMode::Upsert },
        largest: None,
        memory: horizon.at.map(|_| Memory::default()),
    };
    Ok((load, snapshot))
}

impl Load {
    /// Notes the largest watermark of a batch below the horizon.
    fn track(&mut self, run: &TableRun<'_>, prepared: &Prepared, batch: &ReadBatch) {
        if let Some(memory) = &mut self.memory {
            run.track_top(prepared, &batch.batch, batch.xmin.as_deref(), self.horizon, memory);
            self.largest = self.largest.max(memory.top());
        }
    }

    /// Returns where catching up begins: at the largest watermark seen, never above the first horizon. With nothing
    /// seen below the horizon it begins at the beginning.
    fn catch_up_from(&self) -> Option<Watermark> {
        self.largest.zip(self.horizon).map(|(largest, horizon)| largest.min(horizon))
    }

    fn state(&self, run: &TableRun<'_>) -> TableState {
        TableState {
            phase: Phase::FirstLoad {
                horizon: self.horizon,
                generation: self.generation.clone(),
                done: self.done.clone(),
                since: self.since,
                largest: self.largest,
            },
            logged_times: run.logged_times.clone(),
            ..TableState::default()
        }
    }

    async fn commit(
        &mut self,
        run: &mut TableRun<'_>,
        prepared: &Prepared,
        writer: &mut dyn Writer,
        group: Group,
        state: TableState,
    ) -> Result<()> {
        let seen = match &self.memory {
            Some(memory) if !memory.uncommitted().is_empty() => SeenChange::Add(memory.uncommitted()),
            _ => SeenChange::Keep,
        };
        run.commit(prepared, writer, group, self.mode, state, seen).await?;
        if let Some(memory) = &mut self.memory {
            memory.note_committed();
        }
        Ok(())
    }
}

/// Starts readers that share a queue. Dropping the set stops them.
fn start_readers(snapshot: Box<dyn Snapshot>, pieces: Vec<Piece>, readers: usize) -> (Vec<Lane>, JoinSet<()>) {
    let snapshot: Arc<dyn Snapshot> = Arc::from(snapshot);
    let count = readers.clamp(1, pieces.len().max(1));
    let queue = Arc::new(Mutex::new(VecDeque::from(pieces)));
    let mut tasks = JoinSet::new();
    let lanes = (0..count)
        .map(|_| {
            let (sender, messages) = mpsc::channel(LANE_BATCHES);
            tasks.spawn(read_ranges(Arc::clone(&snapshot), Arc::clone(&queue), sender));
            Lane { messages, in_range: false, ended: false }
        })
        .collect();
    (lanes, tasks)
}

async fn read_ranges(snapshot: Arc<dyn Snapshot>, queue: Arc<Mutex<VecDeque<Piece>>>, lane: mpsc::Sender<Message>) {
    loop {
        let Some(piece) = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front() else { return };
        if let Err(error) = read_range(snapshot.as_ref(), piece, &lane).await {
            // Nobody listens any more only when the run has ended for another reason.
            let _unheard = lane.send(Message::Failed(error)).await;
            return;
        }
    }
}

async fn read_range(snapshot: &dyn Snapshot, piece: Piece, lane: &mpsc::Sender<Message>) -> Result<()> {
    let gone = |_| Error::new(Side::Engine, ErrorKind::Cancelled, "the writer has gone");
    let (scope, range) = piece;
    let mut stream = snapshot.read(scope).await?;
    lane.send(Message::Begin).await.map_err(gone)?;
    while let Some(batch) = stream.next().await {
        lane.send(Message::Batch(batch?)).await.map_err(gone)?;
    }
    lane.send(Message::End(range)).await.map_err(gone)
}

/// Returns the next message of any lane that may be read; `None` once every lane has ended.
async fn next(lanes: &mut [Lane], only_open_ranges: bool) -> Option<Message> {
    futures::future::poll_fn(|context| {
        let mut waiting = false;
        for lane in lanes.iter_mut().filter(|lane| !lane.ended && (lane.in_range || !only_open_ranges)) {
            match lane.messages.poll_recv(context) {
                Poll::Ready(Some(message)) => {
                    match message {
                        Message::Begin => lane.in_range = true,
                        Message::End(_) => lane.in_range = false,
                        Message::Batch(_) | Message::Failed(_) => {}
                    }
                    return Poll::Ready(Some(message));
                }
                Poll::Ready(None) => lane.ended = true,
                Poll::Pending => waiting = true,
            }
        }
        if waiting { Poll::Pending } else { Poll::Ready(None) }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_tables_are_cut_for_every_reader_and_large_ones_by_the_setting() {
        let setting = 16 << 20;
        assert_eq!(range_bytes(setting, 0, 2), 1 << 20);
        assert_eq!(range_bytes(setting, 8 * 1024, 2), 8 << 20);
        assert_eq!(range_bytes(setting, u32::MAX, 2), setting);
    }

    #[tokio::test]
    async fn while_a_group_closes_only_ranges_begun_go_on() {
        let range = PageRange { from: 0, to: Some(1) };
        let lane = |messages: Vec<Message>, in_range| {
            let (sender, receiver) = mpsc::channel(8);
            for message in messages {
                sender.try_send(message).unwrap();
            }
            (sender, Lane { messages: receiver, in_range, ended: false })
        };
        let (_first, a) = lane(vec![Message::Begin], false);
        let (_second, b) = lane(vec![Message::End(range)], true);
        let mut lanes = [a, b];
        assert!(matches!(next(&mut lanes, true).await, Some(Message::End(_))));
        assert!(!lanes[1].in_range);
        assert!(matches!(next(&mut lanes, false).await, Some(Message::Begin)));
        assert!(lanes[0].in_range);
    }
}
