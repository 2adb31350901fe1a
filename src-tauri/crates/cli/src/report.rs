//! Results as text for people: what each command prints without `--json`.

use crate::text::{Align, TextTable, count, or_dash, seconds};
use firn_api::wire::{
    CheckView, ConnectionView, ConnectionsView, DiscoverView, LevelView, LogView, PlanView, PreviewView, ResetView,
    RunFinished, ServeSecretsView, StatusView, TablePlanView, VerifiedTable, VerifyView, WorkspaceView,
};
use std::fmt::Write as _;

use Align::{Left, Right};

/// Appends a line. Writing into a `String` cannot fail.
macro_rules! line {
    ($text:expr, $($arg:tt)*) => {{
        let _infallible = writeln!($text, $($arg)*);
    }};
}

mod rejected;

pub(crate) use rejected::{discarded, errors, retried, tried};

pub(crate) fn workspace_made(view: &WorkspaceView) -> String {
    format!("made {}\n", view.folder)
}

pub(crate) fn connections(view: &ConnectionsView) -> String {
    let mut table = TextTable::new(&[
        ("NAME", Left),
        ("KIND", Left),
        ("ADDRESS", Left),
        ("SECRET", Left),
        ("USED AS", Left),
        ("LABEL", Left),
    ]);
    for connection in &view.connections {
        table.row([
            connection.name.clone(),
            connection.kind.clone(),
            connection.address.clone(),
            secret_word(connection).to_owned(),
            connection.roles.join(", "),
            connection.label.clone().unwrap_or_default(),
        ]);
    }
    if table.is_empty() { "no connections\n".to_owned() } else { table.to_string() }
}

fn secret_word(connection: &ConnectionView) -> &str {
    if connection.needs_secret { &connection.secret } else { "not needed" }
}

pub(crate) fn connection_saved(connection: &ConnectionView) -> String {
    format!("{}  {}  {}\n", connection.name, connection.kind, connection.address)
}

pub(crate) fn secret_kept(connection: &ConnectionView) -> String {
    match connection.secret.as_str() {
        "keyring" => format!("the secret of {} is in the keyring, for {}\n", connection.name, connection.address),
        "variable" => format!("the secret of {} comes from a variable, which wins over the keyring\n", connection.name),
        _ => format!("{} has no secret now\n", connection.name),
    }
}

pub(crate) fn serve_secrets(view: &ServeSecretsView) -> String {
    let place = |what: &str, place: &str| match place {
        "keyring" => format!("{what}: in the keyring\n"),
        "variable" => format!("{what}: from a variable, which wins over the keyring\n"),
        "unknown" => format!("{what}: the keyring does not say\n"),
        _ => format!("{what}: none\n"),
    };
    place("token", &view.token) + &place("webhook", &view.webhook)
}

pub(crate) fn check(view: &CheckView) -> String {
    let mut text = String::new();
    for finding in &view.findings {
        line!(text, "{:<8}  {}", level_word(finding.level), finding.message);
        if let Some(fix) = &finding.fix {
            for part in fix.lines() {
                line!(text, "          {part}");
            }
        }
    }
    let verdict = if view.usable { "can be used" } else { "cannot be used" };
    line!(text, "{} {verdict} (checked in {})", view.name, seconds(view.seconds));
    text
}

fn level_word(level: LevelView) -> &'static str {
    match level {
        LevelView::Ok => "ok",
        LevelView::Info => "info",
        LevelView::Warning => "warning",
        LevelView::Critical => "critical",
    }
}

/// The proposal as YAML, which is what a person pastes; what stands in the way of a table is a comment above it.
pub(crate) fn discovered(view: &DiscoverView) -> String {
    if view.written > 0 {
        let tables = if view.written == 1 { "table" } else { "tables" };
        return format!("{} {tables} added to firn.yaml\n", view.written);
    }
    if view.yaml.is_empty() {
        return format!(
            "# nothing to add: {} of {} tables are in firn.yaml\n",
            view.tables.iter().filter(|t| t.configured).count(),
            view.tables.len()
        );
    }
    view.yaml.clone()
}

pub(crate) fn plan(view: &PlanView) -> String {
    let parts: Vec<String> = view.tables.iter().map(plan_of_table).collect();
    if parts.is_empty() { "no tables\n".to_owned() } else { parts.join("\n") }
}

fn plan_of_table(plan: &TablePlanView) -> String {
    let mut text = String::new();
    line!(text, "{} → {}", plan.source, plan.target);
    if let Some(error) = &plan.error {
        line!(text, "  error: {}", error.message);
        if let Some(hint) = &error.hint {
            line!(text, "  hint: {hint}");
        }
    }
    if let Some(phase) = &plan.phase {
        let rows = plan.rows_waiting.map_or("an unknown number of".to_owned(), rows_waiting);
        line!(text, "  {}, {rows} rows waiting", phase.replace('_', " "));
    }
    if let Some(watermark) = &plan.watermark {
        line!(text, "  after {watermark}");
    }
    let remarkable = plan.columns.iter().filter(|column| column.verdict != "exact" || column.transform.is_some());
    for column in remarkable {
        let mut about = format!(
            "  column {}: {} → {}, {}",
            column.name,
            column.source_type,
            column.target_type,
            column.verdict.replace('_', " ")
        );
        if let Some(transform) = &column.transform {
            about.push_str(&format!(", as {transform}"));
        }
        if !column.note.is_empty() {
            about.push_str(&format!(" ({})", column.note));
        }
        line!(text, "{about}");
    }
    for finding in &plan.findings {
        line!(text, "  {}: {}", level_word(finding.level), finding.message);
        for fix in finding.fix.iter().flat_map(|fix| fix.lines()) {
            line!(text, "    {fix}");
        }
    }
    for statement in &plan.ddl {
        line!(text, "  {};", statement.replace('\n', "\n  "));
    }
    text
}

/// Rows with their key, what is transformed with both of its values, and what the sample says.
pub(crate) fn preview(view: &PreviewView) -> String {
    let mut text = String::new();
    let transformed = view.columns.iter().any(|column| column.transform.is_some());
    for (number, row) in view.rows.iter().enumerate() {
        line!(text, "row {}", number + 1);
        for (column, cell) in view.columns.iter().zip(row) {
            let after = shown(cell.after.as_deref());
            match &column.transform {
                Some(_) => line!(text, "  {}: {} → {after}", column.name, shown(cell.before.as_deref())),
                None if column.key || !transformed => line!(text, "  {}: {after}", column.name),
                None => {}
            }
        }
    }
    let of = if view.complete { "all" } else { "the first" };
    line!(text, "{} of {of} {} rows would be read", count(view.matching), count(view.sampled));
    for refused in &view.refused {
        line!(
            text,
            "{} of them would be rejected: {}: {} ({})",
            count(refused.rows),
            refused.column,
            refused.message,
            refused.code
        );
    }
    for worst in &view.worst {
        let found = match (worst.what.as_str(), worst.rows) {
            ("changed", Some(rows)) => format!("another value in {} rows", count(rows)),
            (what, Some(rows)) => format!("{what} in {} rows", count(rows)),
            (what, None) => {
                let size = count(worst.characters.unwrap_or(0));
                let found = match what {
                    "most_precise" => format!("at most {size} digits after the point"),
                    "largest" => format!("at most {size} digits before it"),
                    what => format!("{what} {size} characters"),
                };
                format!("{found}, {}", shown(worst.value.as_deref()))
            }
        };
        line!(text, "{}: {found}", worst.column);
    }
    text
}

/// A value on one line of the terminal; NULL is told from a text of that name.
fn shown(value: Option<&str>) -> String {
    const WIDTH: usize = 60;
    let Some(value) = value else { return "NULL".to_owned() };
    let seen = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    let mut line: String = value.chars().take(WIDTH).map(seen).collect();
    if value.chars().nth(WIDTH).is_some() {
        line.push('…');
    }
    format!("'{line}'")
}

/// Rows waiting; the engine stops counting at a million.
fn rows_waiting(rows: u64) -> String {
    const MOST: u64 = 1_000_000;
    if rows == MOST { format!("{} or more", count(rows)) } else { count(rows) }
}

pub(crate) fn run(result: &RunFinished) -> String {
    // A column of its own only where rows went: most tables ignore deletes.
    let deletes = result.tables.iter().any(|done| done.rows_deleted > 0);
    let mut heads = vec![("TABLE", Left), ("TARGET", Left), ("STATUS", Left), ("READ", Right), ("MERGED", Right)];
    heads.extend(deletes.then_some(("DELETED", Right)));
    heads.extend([("REJECTED", Right), ("WATERMARK", Left), ("TIME", Right)]);
    let mut table = TextTable::new(&heads);
    for done in &result.tables {
        let mut cells = vec![
            done.source.clone(),
            done.target.clone(),
            done.status.clone(),
            count(done.rows_read),
            count(done.rows_merged),
        ];
        cells.extend(deletes.then(|| count(done.rows_deleted)));
        cells.extend([count(done.rows_rejected), or_dash(done.watermark.as_deref()), seconds(done.seconds)]);
        table.row(cells);
    }
    if table.is_empty() { String::new() } else { table.to_string() }
}

/// Differing keys shown of a table; `--json` has all that were asked for.
const SHOWN_KEYS: usize = 20;

pub(crate) fn verified(view: &VerifyView) -> String {
    let mut table = TextTable::new(&[
        ("TABLE", Left),
        ("TARGET", Left),
        ("RESULT", Left),
        ("ROWS", Right),
        ("IN TARGET", Right),
        ("MISSING", Right),
        ("EXTRA", Right),
        ("CHANGED", Right),
        ("WAITING", Right),
        ("TIME", Right),
    ]);
    for verdict in &view.tables {
        table.row([
            verdict.source.clone(),
            verdict.target.clone(),
            verdict.status.clone(),
            count(verdict.rows_source),
            count(verdict.rows_target),
            count(verdict.missing),
            count(verdict.extra),
            count(verdict.changed),
            count(verdict.waiting),
            seconds(verdict.seconds),
        ]);
    }
    let mut text = if table.is_empty() { "no tables\n".to_owned() } else { table.to_string() };
    view.tables.iter().for_each(|verdict| differences(&mut text, verdict));
    text
}

fn differences(text: &mut String, verdict: &VerifiedTable) {
    if let Some(done) = &verdict.repaired {
        line!(
            text,
            "{}: {} written, {} deleted, {} left",
            verdict.source,
            count(done.written),
            count(done.deleted),
            count(done.left)
        );
    }
    if verdict.differing_keys == 0 {
        return;
    }
    let keys = if verdict.differing_keys == 1 { "1 key differs" } else { "keys differ" };
    let number =
        if verdict.differing_keys == 1 { String::new() } else { format!("{} ", count(verdict.differing_keys)) };
    line!(text, "{}: {number}{keys}", verdict.source);
    for key in verdict.keys.iter().take(SHOWN_KEYS) {
        let parts: Vec<String> =
            key.key.iter().map(|(column, value)| format!("{column} = {}", value.as_str().unwrap_or("NULL"))).collect();
        let reason = key.reason.as_ref().map_or(String::new(), |reason| format!("  ({reason})"));
        line!(text, "  {:<7}  {}{reason}", key.kind, parts.join(", "));
        for cell in &key.cells {
            line!(text, "           {}: {} in the source, {} in the target", cell.column, cell.source, cell.target);
        }
    }
    let listed = verdict.keys.len().min(SHOWN_KEYS) as u64;
    if listed < verdict.differing_keys {
        line!(text, "  and {} more", count(verdict.differing_keys - listed));
    }
    let columns: Vec<String> =
        verdict.columns.iter().map(|(name, cells)| format!("{name} {}", count(*cells))).collect();
    if !columns.is_empty() {
        line!(text, "  differing cells of {} changed keys: {}", count(verdict.cells_of), columns.join(", "));
    }
}

pub(crate) fn status(view: &StatusView) -> String {
    let mut table = TextTable::new(&[
        ("TABLE", Left),
        ("STATUS", Left),
        ("LAST RUN", Left),
        ("ROWS", Right),
        ("REJECTED", Right),
        ("WATERMARK", Left),
        ("HELD BY", Left),
    ]);
    for state in &view.tables {
        table.row([
            state.source.clone(),
            state.status.clone(),
            or_dash(state.last_run.as_deref()),
            count(state.rows_processed),
            count(state.open_errors),
            or_dash(state.watermark.as_deref()),
            state.holder.clone().unwrap_or_default(),
        ]);
    }
    if table.is_empty() { "no tables\n".to_owned() } else { table.to_string() }
}

pub(crate) fn log(view: &LogView) -> String {
    let mut table = TextTable::new(&[
        ("STARTED", Left),
        ("TABLE", Left),
        ("STATUS", Left),
        ("READ", Right),
        ("MERGED", Right),
        ("REJECTED", Right),
        ("MESSAGE", Left),
    ]);
    for entry in &view.entries {
        table.row([
            entry.started_at.clone(),
            entry.source.clone(),
            entry.status.clone(),
            count(entry.rows_read),
            count(entry.rows_merged),
            count(entry.rows_rejected),
            entry.message.clone().unwrap_or_default(),
        ]);
    }
    if table.is_empty() { "nothing has run\n".to_owned() } else { table.to_string() }
}

pub(crate) fn reset(view: &ResetView) -> String {
    let to = view.to.as_deref().unwrap_or("the beginning");
    match &view.from {
        Some(from) => format!("{}: from {from} back to {to}\n", view.source),
        None => format!("{}: back to {to}\n", view.source),
    }
}
