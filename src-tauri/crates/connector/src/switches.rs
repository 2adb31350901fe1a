//! Test-only switches: each protection can be turned off, and the process can be stopped at named points.
//!
//! Without the feature `switches` every function here is a constant and the compiler removes it. With it, the
//! variables `FIRN_TEST_WITHOUT` (names of protections, comma-separated), `FIRN_TEST_STOP` (`point` or `point:n`,
//! kills the process at the n-th passage), `FIRN_TEST_PANIC` (`point`, panics there) and `FIRN_TEST_HOLD` (`point=FILE`, waits there: makes `FILE.reached` and
//! goes on when `FILE` is gone) are read. Shipped binaries are built without it.

/// A protection that a test must miss when it is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protection {
    /// The cursor never passes the horizon.
    Horizon,
    /// The horizon is taken before the read snapshot.
    HorizonBeforeSnapshot,
    /// A prepared transaction freezes the horizon.
    PreparedFreeze,
    /// The keyset compares (watermark, key), not the watermark alone.
    KeysetTies,
    /// Rows above the horizon are remembered by (key, watermark, xmin).
    SeenMemory,
    /// `xmin` is part of that memory.
    SeenXmin,
    /// Rows with a NULL watermark are read.
    NullWatermarks,
    /// The newest row of a key wins within a stage.
    NewestWins,
    /// Each commit checks the runner's epoch.
    Fence,
    /// A table is run by the holder of its lease only.
    Lease,
    /// A second workspace on the same state schema is refused.
    WorkspaceClaim,
    /// Data and cursor are one transaction.
    AtomicCursor,
    /// A first load's catch-up begins at the first snapshot's horizon.
    CatchUpFromFirstHorizon,
    /// A rewritten table starts its first load over.
    GenerationCheck,
    /// Rows that appear after a resumed first load's first snapshot are upserted, not appended.
    ResumeUpserts,
    /// A resumed first load reads what has come into the ranges done since its first snapshot.
    ResumeRereads,
    /// The table is locked against rewriting before the read snapshot is taken.
    LockBeforeSnapshot,
    /// A transient error is retried.
    Retry,
    /// A refused row is found by bisection and the rest goes on.
    Bisection,
    /// A row that is refused again keeps its open entry, whatever else its commit merged.
    RefusedStaysOpen,
    /// More open entries than can be looked through stop their table.
    OpenEntriesLimit,
    /// Types outside the map are refused.
    TypeRefusal,
    /// Values that became NULL because they do not fit are counted and told.
    UnfitCount,
    /// Source sessions are read-only.
    ReadOnlySource,
    /// The role's statement timeout is lifted for Firn's own reads.
    StatementTimeout,
    /// Identifier collisions are found before any write.
    IdentifierCollision,
    /// Watermarks are kept with microseconds.
    ExactWatermark,
    /// A standby without a primary connection needs a lookback.
    StandbyGuard,
    /// A horizon of the primary counts on its standby once the standby has replayed as far.
    StandbyReplay,
    /// TLS certificates and host names are verified.
    TlsVerify,
    /// A column renamed in the source is renamed in the target, with what it holds.
    RenameKeepsData,
    /// A key that the source no longer keeps unique stops its table.
    KeyStaysUnique,
    /// A position kept by one key is not read on by another.
    CursorKey,
    /// A table that was replaced by another of its name is told from the one the cursor belongs to.
    TableIdentity,
    /// A comparison tells rows that the next run is to bring from differences.
    VerifyWaiting,
    /// A view of a table that was altered since it was looked at is not read.
    ColumnsOfView,
    /// A cursor ahead of the source's clock stops its table.
    ClockSetBack,
    /// A new warehouse file appears only when it is complete.
    WholeFile,
    /// A glance looks for rows without a watermark, too.
    GlanceNulls,
    /// A glance compares the source's shape with the one remembered.
    GlanceShape,
    /// What is remembered of a quiet table holds only as long as the target looks the same from outside.
    RecallStamp,
    /// A table from which too many rows have vanished at once stops.
    DeleteRatio,
    /// Nothing is deleted where row-level policies hide rows from the reader.
    DeleteRowSecurity,
    /// Keys are compared with those of the whole table, not of the rows the condition lets through.
    DeleteWholeTable,
    /// Nothing is deleted unless every key was read.
    DeleteAfterFullRead,
}

impl Protection {
    /// Every protection, in the order of the guarantees page.
    pub const ALL: &'static [Self] = &[
        Self::Horizon,
        Self::HorizonBeforeSnapshot,
        Self::PreparedFreeze,
        Self::KeysetTies,
        Self::SeenMemory,
        Self::SeenXmin,
        Self::NullWatermarks,
        Self::NewestWins,
        Self::Fence,
        Self::Lease,
        Self::WorkspaceClaim,
        Self::AtomicCursor,
        Self::CatchUpFromFirstHorizon,
        Self::GenerationCheck,
        Self::ResumeUpserts,
        Self::ResumeRereads,
        Self::LockBeforeSnapshot,
        Self::Retry,
        Self::Bisection,
        Self::RefusedStaysOpen,
        Self::OpenEntriesLimit,
        Self::TypeRefusal,
        Self::UnfitCount,
        Self::ReadOnlySource,
        Self::StatementTimeout,
        Self::IdentifierCollision,
        Self::ExactWatermark,
        Self::StandbyGuard,
        Self::StandbyReplay,
        Self::TlsVerify,
        Self::RenameKeepsData,
        Self::KeyStaysUnique,
        Self::CursorKey,
        Self::TableIdentity,
        Self::VerifyWaiting,
        Self::ColumnsOfView,
        Self::ClockSetBack,
        Self::WholeFile,
        Self::GlanceNulls,
        Self::GlanceShape,
        Self::RecallStamp,
        Self::DeleteRatio,
        Self::DeleteRowSecurity,
        Self::DeleteWholeTable,
        Self::DeleteAfterFullRead,
    ];

    /// Returns the name used in `FIRN_TEST_WITHOUT`: the variant's own.
    #[must_use]
    pub fn name(self) -> String {
        format!("{self:?}")
    }
}

/// Returns whether a protection is on. Always true in shipped binaries.
#[cfg(not(feature = "switches"))]
#[inline(always)]
#[must_use]
pub const fn on(_protection: Protection) -> bool {
    true
}

/// Returns whether a protection is on.
#[cfg(feature = "switches")]
#[must_use]
pub fn on(protection: Protection) -> bool {
    use std::sync::OnceLock;
    static OFF: OnceLock<Vec<String>> = OnceLock::new();
    let off = OFF.get_or_init(|| {
        let names = std::env::var("FIRN_TEST_WITHOUT").unwrap_or_default();
        names.split(',').map(|n| n.trim().to_owned()).filter(|n| !n.is_empty()).collect()
    });
    !off.contains(&protection.name())
}

/// Passes a named point. Does nothing in shipped binaries.
#[cfg(not(feature = "switches"))]
#[inline(always)]
pub const fn pass(_point: &str) {}

/// Passes a named point, and kills the process without any cleanup where `FIRN_TEST_STOP` names it, or panics where
/// `FIRN_TEST_PANIC` does.
#[cfg(feature = "switches")]
pub fn pass(point: &str) {
    use std::collections::HashMap;
    use std::sync::{Mutex, OnceLock};
    static PASSED: OnceLock<Mutex<HashMap<String, u32>>> = OnceLock::new();
    assert!(std::env::var("FIRN_TEST_PANIC").as_deref() != Ok(point), "a test asked for a panic at {point}");
    let Ok(stop) = std::env::var("FIRN_TEST_STOP") else { return };
    let (name, at) = stop.split_once(':').unwrap_or((stop.as_str(), "1"));
    if name != point {
        return;
    }
    let passed = {
        let mut counts = PASSED.get_or_init(Mutex::default).lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let count = counts.entry(name.to_owned()).or_insert(0);
        *count += 1;
        *count
    };
    if Ok(passed) == at.parse() {
        // SIGKILL, not abort: no handler, no flush, no unwinding, as when the power goes.
        let pid = std::process::id().to_string();
        let _killed = std::process::Command::new("kill").args(["-9", &pid]).status();
        std::process::abort();
    }
}

/// Waits at a named point. Does nothing in shipped binaries.
#[cfg(not(feature = "switches"))]
#[inline(always)]
#[expect(clippy::unused_async, reason = "the same signature as with the feature")]
pub async fn hold(_point: &str) {}

/// Waits at a named point as long as the file that `FIRN_TEST_HOLD` names for it is there.
#[cfg(feature = "switches")]
pub async fn hold(point: &str) {
    let Ok(hold) = std::env::var("FIRN_TEST_HOLD") else { return };
    let Some((name, file)) = hold.split_once('=') else { return };
    if name != point || !std::path::Path::new(file).exists() {
        return;
    }
    let _reached = std::fs::write(format!("{file}.reached"), b"");
    while std::path::Path::new(file).exists() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}
