//! Exit codes of the command line, decided here so that no shell decides them.

use crate::wire::{CheckView, DiscardView, ErrorView, PlanView, RetryView, RunFinished, TryView, VerifyView};

/// Everything done.
pub const DONE: u8 = 0;
/// Failed.
pub const FAILED: u8 = 1;
/// Usage or configuration.
pub const USAGE: u8 = 2;
/// Some tables or rows failed, the rest is done.
pub const PARTIAL: u8 = 3;
/// Nothing done: another runner holds the lease.
pub const HELD: u8 = 4;
/// Cancelled by the person.
pub const CANCELLED: u8 = 130;
/// Terminated from outside.
pub const TERMINATED: u8 = 143;

/// Returns the exit code of a command that failed.
#[must_use]
pub fn of_error(error: &ErrorView) -> u8 {
    match error.code.as_str() {
        "configuration" | "untrusted" => USAGE,
        "held" => HELD,
        "cancelled" => CANCELLED,
        _ => FAILED,
    }
}

/// Returns the exit code of a run that ended.
#[must_use]
pub fn of_run(run: &RunFinished) -> u8 {
    if let Some(error) = &run.error {
        return of_error(error);
    }
    match run.status.as_str() {
        "success" => DONE,
        "partial" => PARTIAL,
        "cancelled" => CANCELLED,
        _ if !run.tables.is_empty() && run.tables.iter().all(|table| table.status == "held") => HELD,
        _ if !run.tables.is_empty() && run.tables.iter().all(|table| is_configuration(table.error.as_ref())) => USAGE,
        _ => FAILED,
    }
}

/// Returns the exit code of rejected rows tried again: done where none is left.
#[must_use]
pub fn of_retry(retry: &RetryView) -> u8 {
    match retry.status.as_str() {
        "success" => DONE,
        "partial" => PARTIAL,
        "cancelled" => CANCELLED,
        _ if retry.tables.iter().all(|table| table.status == "held") => HELD,
        _ if retry.tables.iter().all(|table| is_configuration(table.error.as_ref())) => USAGE,
        _ => FAILED,
    }
}

/// Returns the exit code of discarded rows.
#[must_use]
pub fn of_discard(discard: &DiscardView) -> u8 {
    match (discard.discarded.is_empty(), discard.not_open.is_empty()) {
        (_, true) => DONE,
        (false, false) => PARTIAL,
        (true, false) => FAILED,
    }
}

/// Returns the exit code of a trial: whether every row that is still read would arrive.
#[must_use]
pub fn of_try(view: &TryView) -> u8 {
    match (view.passed, view.failed + view.untried + view.without_key) {
        (_, 0) => DONE,
        (0, _) => FAILED,
        _ => PARTIAL,
    }
}

/// Returns the exit code of a comparison: equal or different, as far as it came.
#[must_use]
pub fn of_verify(view: &VerifyView) -> u8 {
    if let Some(error) = &view.error {
        return of_error(error);
    }
    let count = |status: &str| view.tables.iter().filter(|table| table.status == status).count();
    let all = view.tables.len();
    match (count("equal"), count("failed"), count("held"), count("cancelled")) {
        (equal, ..) if equal == all => DONE,
        (.., cancelled) if cancelled > 0 => CANCELLED,
        (_, _, held, _) if held == all => HELD,
        (_, failed, ..) if failed == all => {
            if view.tables.iter().all(|table| is_configuration(table.error.as_ref())) {
                USAGE
            } else {
                FAILED
            }
        }
        _ => PARTIAL,
    }
}

/// Returns the exit code of a connection's check.
#[must_use]
pub fn of_check(check: &CheckView) -> u8 {
    if check.usable { DONE } else { FAILED }
}

/// Returns the exit code of a dry run.
#[must_use]
pub fn of_plan(plan: &PlanView) -> u8 {
    let failed = plan.tables.iter().filter(|table| table.error.is_some()).count();
    match failed {
        0 => DONE,
        _ if failed < plan.tables.len() => PARTIAL,
        _ if plan.tables.iter().all(|table| is_configuration(table.error.as_ref())) => USAGE,
        _ => FAILED,
    }
}

fn is_configuration(error: Option<&ErrorView>) -> bool {
    error.is_some_and(|error| of_error(error) == USAGE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::TableResult;

    fn table(status: &str, code: Option<&str>) -> TableResult {
        TableResult {
            source: "public.orders".into(),
            target: "shop.orders".into(),
            status: status.into(),
            rows_read: 0,
            rows_merged: 0,
            rows_rejected: 0,
            rows_deleted: 0,
            rows_duplicate: 0,
            rows_null_watermark: 0,
            watermark: None,
            seconds: 0.0,
            error: code.map(error),
            findings: Vec::new(),
        }
    }

    fn error(code: &str) -> ErrorView {
        ErrorView { code: code.into(), ..ErrorView::other("failed") }
    }

    fn run(status: &str, tables: Vec<TableResult>, failure: Option<&str>) -> u8 {
        of_run(&RunFinished {
            event: "finished".into(),
            run_id: "r".into(),
            status: status.into(),
            tables,
            error: failure.map(error),
        })
    }

    #[test]
    fn the_exit_code_follows_the_contract() {
        assert_eq!(run("success", vec![table("idle", None)], None), 0);
        assert_eq!(run("success", vec![], None), 0);
        assert_eq!(run("failed", vec![table("failed", Some("transient"))], None), 1);
        assert_eq!(run("failed", vec![], Some("disk_full")), 1);
        assert_eq!(run("failed", vec![], Some("configuration")), 2);
        assert_eq!(run("failed", vec![table("failed", Some("configuration"))], None), 2);
        let mixed = vec![table("failed", Some("configuration")), table("failed", Some("permission"))];
        assert_eq!(run("failed", mixed, None), 1);
        assert_eq!(run("partial", vec![table("success", None), table("failed", Some("other"))], None), 3);
        assert_eq!(run("failed", vec![table("held", Some("held"))], None), 4);
        assert_eq!(run("cancelled", vec![table("cancelled", None)], None), 130);
    }
}
