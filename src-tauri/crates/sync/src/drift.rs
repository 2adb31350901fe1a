//! How a source table has changed since the last run, and what that means under `on_drift`.
//!
//! | in the source | `add` | `ignore` | `stop` |
//! |---|---|---|---|
//! | column added | added to the target | left out | stops |
//! | column renamed | renamed in the target, which keeps what it holds | written under its old name | stops |
//! | column dropped | kept, new rows hold NULL | the same | stops while the target has it |
//! | dropped and made again | written on, told | the same | stops |
//! | type widened | widened | kept; rows that do not fit are rejected | stops |
//! | type narrowed | kept, told | the same | the same |
//! | type became another | stops | stops | stops |
//! | NOT NULL added or dropped | told | the same | the same |
//! | primary key changed | told; stops where the key is no longer unique | told | stops |
//! | table replaced by another | told until a reset | the same | stops |
//!
//! Nothing is ever dropped from the target.

mod changes;
mod look;

use crate::config::{Mode, OnDrift, TableConfig};
pub use changes::{Change, ChangeKind};
use firn_connector::switches::{Protection, on};
use firn_connector::{
    Error, ErrorKind, Finding, Level, Relation, Result, Source, SourceShape, SourceTable, TableState, Target,
    TargetTable,
};
pub use look::Remembered;

/// What has changed in a source table since the shape that the target remembers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Drift {
    /// Columns under another name: the one the target has, the one the source has.
    renamed: Vec<(String, String)>,
    /// Names of columns that are gone.
    dropped: Vec<String>,
    /// Names that belong to another column than before.
    remade: Vec<String>,
    /// Columns of another type: name now, type before, type now.
    retyped: Vec<(String, String, String)>,
    /// Columns that may be NULL now.
    nullable: Vec<String>,
    /// Columns that may not be NULL any more.
    not_null: Vec<String>,
    /// Names of the columns that were there.
    known: Vec<String>,
    /// Whether a shape was remembered at all.
    remembered: bool,
    /// The primary key before, where it is another one now.
    primary_key: Option<Vec<String>>,
    /// Whether the cursor belongs to another table of this name.
    table_replaced: bool,
    /// Whether rows below the cursor are in the target and not read again by this run.
    loaded: bool,
}

fn same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}

fn list(names: &[String]) -> String {
    names.join(", ")
}

impl Drift {
    /// Compares a table with the shape in its stored state.
    pub(crate) fn between(config: &TableConfig, state: &TableState, table: &SourceTable) -> Self {
        let loaded = config.mode == Mode::Incremental && state.cursor().is_some();
        let Some(known) = &state.shape else { return Self { loaded, ..Self::default() } };
        let mut drift = Self { loaded, remembered: true, ..Self::default() };
        // Numbers tell columns apart within one relation only; in another one of the same name the names have to do.
        let by_number = known.relation == table.id && on(Protection::RenameKeepsData);
        for column in &known.columns {
            let now = table.columns.iter().find(|now| match by_number {
                true => now.number == column.number,
                false => now.name == column.name,
            });
            let Some(now) = now else {
                let heir = table.columns.iter().any(|now| now.name == column.name);
                if heir { &mut drift.remade } else { &mut drift.dropped }.push(column.name.clone());
                continue;
            };
            if now.name != column.name {
                drift.renamed.push((column.name.clone(), now.name.clone()));
            }
            let ty = now.ty.to_string();
            if ty != column.ty {
                drift.retyped.push((now.name.clone(), column.ty.clone(), ty));
            }
            match (column.not_null, now.not_null) {
                (true, false) => drift.nullable.push(now.name.clone()),
                (false, true) => drift.not_null.push(now.name.clone()),
                _ => {}
            }
        }
        // A name that went to a renamed column has an heir that is another column, which the rename tells already.
        drift.remade.retain(|name| !drift.renamed.iter().any(|(_, to)| to == name));
        drift.known = known.columns.iter().map(|column| column.name.clone()).collect();
        let primary_key: Vec<String> = known.primary_key.iter().map(|name| drift.name_now(name)).collect();
        if primary_key != table.primary_key {
            drift.primary_key = Some(known.primary_key.clone());
        }
        let stored = matches!(table.relation, Relation::Table | Relation::Partitioned);
        drift.table_replaced =
            loaded && stored && known.origin != 0 && known.origin != table.id && on(Protection::TableIdentity);
        drift
    }

    /// Returns the name that a column has now.
    fn name_now(&self, before: &str) -> String {
        self.renamed_to(before).unwrap_or(before).to_owned()
    }

    /// Returns the new name of a renamed column.
    pub(crate) fn renamed_to(&self, before: &str) -> Option<&str> {
        self.renamed.iter().find(|(from, _)| from == before).map(|(_, to)| to.as_str())
    }

    /// Returns the name under which the target has a column of the source.
    pub(crate) fn target_name(&self, config: &TableConfig, name: &str, existing: Option<&TargetTable>) -> String {
        let ignored = self.renamed.iter().find(|(_, to)| to == name).filter(|(from, _)| {
            config.on_drift == OnDrift::Ignore
                && existing.is_some_and(|table| table.columns.iter().any(|c| same(&c.name, from)))
        });
        ignored.map_or(name, |(from, _)| from).to_owned()
    }

    /// Returns whether a column has come to a name under which the target keeps another one (`on_drift: ignore`).
    pub(crate) fn name_is_taken(&self, config: &TableConfig, name: &str) -> bool {
        config.on_drift == OnDrift::Ignore
            && self.renamed.iter().any(|(from, _)| same(from, name))
            && !self.renamed.iter().any(|(_, to)| to == name)
    }

    /// Writes the statements that rename the target's columns, and returns the table as they leave it.
    ///
    /// # Errors
    /// Where the new name is taken in the target by a column that stays.
    pub(crate) fn renames(
        &self,
        config: &TableConfig,
        target: &dyn Target,
        existing: &TargetTable,
    ) -> Result<(Vec<String>, TargetTable)> {
        let mut after = existing.clone();
        if config.on_drift == OnDrift::Ignore || !existing.writable {
            return Ok((Vec::new(), after));
        }
        let has = |name: &str| existing.columns.iter().any(|c| same(&c.name, name));
        let due: Vec<&(String, String)> =
            self.renamed.iter().filter(|(from, to)| has(from) && !same(from, to)).collect();
        let leaves = |name: &str| due.iter().any(|(from, _)| same(from, name));
        let taken = |name: &str| has(name) && !leaves(name);
        if let Some((from, to)) = due.iter().find(|(_, to)| taken(to)) {
            let message = format!(
                "column `{from}` was renamed to `{to}` in the source, and the target {} has both",
                config.target
            );
            let aside = target.rename_column(&config.target, to, &format!("{to}_before"));
            return Err(Error::configuration(message)
                .with_hint(format!("move the target's own `{to}` aside, for example: {aside};")));
        }
        // Names that change places go over names that nobody has.
        let crossing = due.iter().any(|(_, to)| leaves(to));
        let statement = |from: &str, to: &str| target.rename_column(&config.target, from, to);
        let mut statements = Vec::new();
        let between = |at: usize| format!("_firn_renamed_{at}");
        if crossing {
            statements.extend(due.iter().enumerate().map(|(at, (from, _))| statement(from, &between(at))));
            statements.extend(due.iter().enumerate().map(|(at, (_, to))| statement(&between(at), to)));
        } else {
            statements.extend(due.iter().map(|(from, to)| statement(from, to)));
        }
        for column in &mut after.columns {
            if let Some((_, to)) = due.iter().find(|(from, _)| same(from, &column.name)) {
                column.name.clone_from(to);
            }
        }
        Ok((statements, after))
    }

    /// Says what stops a table under `on_drift: stop` though no statement is due in the target.
    pub(crate) fn blocking(&self, table: &SourceTable, existing: &TargetTable) -> Vec<String> {
        let has = |name: &&String| existing.columns.iter().any(|c| same(&c.name, name));
        let mut said: Vec<String> =
            self.dropped.iter().filter(has).map(|name| format!("column `{name}` was dropped")).collect();
        said.extend(self.remade.iter().filter(has).map(|name| format!("column `{name}` was dropped and made again")));
        if self.primary_key.is_some() {
            said.push(format!("the primary key is now ({})", list(&table.primary_key)));
        }
        if self.table_replaced {
            said.push("the table was replaced by another of its name".to_owned());
        }
        said
    }

    /// Says what has changed, for people. `existing` is the target's table before this run, `added` the columns that
    /// this run adds to it.
    pub(crate) fn findings(
        &self,
        config: &TableConfig,
        table: &SourceTable,
        existing: &TargetTable,
        added: &[String],
    ) -> Vec<Finding> {
        let source = &config.source;
        let has = |name: &str| existing.columns.iter().find(|c| same(&c.name, name));
        let again = format!("`firn sync reset {source}` reads everything again.");
        let mut said = Vec::new();
        let mut say = |level, code, message: String, fix: Option<String>| {
            said.push(Finding { fix, ..Finding::new(level, code, message) });
        };
        for (from, to) in self.renamed.iter().filter(|(from, to)| has(from).is_some() && !same(from, to)) {
            let (code, done) = match config.on_drift {
                OnDrift::Ignore => ("drift_ignored", format!("the target keeps `{from}` and gets its values there")),
                _ => ("drift_renamed", "so it is in the target, with what it holds".to_owned()),
            };
            say(Level::Info, code, format!("column `{from}` was renamed to `{to}` in the source; {done}"), None);
        }
        for name in self.dropped.iter().filter(|name| has(name).is_some()) {
            let message = format!(
                "column `{name}` was dropped in the source; the target keeps it, and new and changed rows hold NULL there"
            );
            say(
                Level::Warning,
                "drift_dropped",
                message,
                Some("Drop it in the target yourself when nobody needs it.".to_owned()),
            );
        }
        for name in self.remade.iter().filter(|name| has(name).is_some() && self.loaded) {
            let message = format!(
                "column `{name}` was dropped and made again in the source: rows that have not changed since hold its old values in the target"
            );
            say(Level::Warning, "drift_column_remade", message, Some(again.clone()));
        }
        for name in added.iter().filter(|_| self.loaded && self.remembered) {
            let filled = table.columns.iter().any(|c| c.name == *name && c.has_default);
            if filled || self.known.contains(name) {
                let message = format!(
                    "rows that do not change hold NULL in the new column `{name}`, though the source has values there"
                );
                say(Level::Warning, "drift_values_missing", message, Some(again.clone()));
            }
        }
        for (name, from, to) in self.retyped.iter().filter(|(name, ..)| !added.contains(name)) {
            let message = format!(
                "column `{name}` is now {to}, was {from}: rows that have not changed since hold the values of before"
            );
            let fix = format!("Where the change rewrote values (rounding, USING), {again}");
            say(if self.loaded { Level::Warning } else { Level::Info }, "drift_type", message, Some(fix));
        }
        for name in &self.nullable {
            match has(name).filter(|column| column.not_null && !column.has_default) {
                Some(_) => {
                    let message = format!(
                        "column `{name}` may be NULL in the source now, and not in the target: such rows are rejected"
                    );
                    say(Level::Warning, "drift_nullable", message, Some("Drop NOT NULL in the target.".to_owned()));
                }
                None => say(Level::Info, "drift_nullable", format!("column `{name}` may be NULL now"), None),
            }
        }
        for name in &self.not_null {
            say(Level::Info, "drift_not_null", format!("column `{name}` may not be NULL any more"), None);
        }
        if let Some(before) = &self.primary_key {
            let before = if before.is_empty() { "none".to_owned() } else { format!("({})", list(before)) };
            let now = if table.primary_key.is_empty() {
                "none".to_owned()
            } else {
                format!("({})", list(&table.primary_key))
            };
            let message = format!(
                "the primary key of the source is now {now}, was {before}; rows are written by ({})",
                list(&config.key)
            );
            say(Level::Warning, "drift_key", message, None);
        }
        if self.table_replaced {
            let message = "another table stands under this name than the one the cursor belongs to: rows below the cursor may never arrive, and rows that are gone stay";
            let fix = format!(
                "{again} To go on from where the cursor is: `firn sync reset {source} --to TIME` with the watermark that `firn sync status` shows."
            );
            say(Level::Warning, "table_replaced", message.to_owned(), Some(fix));
        }
        said
    }

    /// Returns whether a finding of the target says what this drift says better.
    pub(crate) fn covers(&self, finding: &Finding) -> bool {
        finding.code == "target_column_extra"
            && self.dropped.iter().any(|name| finding.message.starts_with(&format!("column {name} of the target ")))
    }

    /// Returns the shape to remember once the run has committed.
    pub(crate) fn shape(
        &self,
        config: &TableConfig,
        state: &TableState,
        table: &SourceTable,
        existing: Option<&TargetTable>,
        unique_key: bool,
    ) -> SourceShape {
        let mut shape = SourceShape::of(table, &config.key, unique_key);
        shape.watermark = config.watermark.clone().filter(|_| config.mode == Mode::Incremental);
        for column in &mut shape.columns {
            column.name = self.target_name(config, &column.name, existing);
        }
        if let Some(known) = state.shape.as_ref().filter(|known| self.table_replaced && known.origin != 0) {
            shape.origin = known.origin;
        }
        shape
    }
}

/// Makes sure that the stored position can be read on by the key and the watermark that are configured now, and that
/// the source still keeps the key unique.
///
/// # Errors
/// Where it cannot; the way out is a reset.
pub(crate) fn check_position(
    config: &TableConfig,
    state: &TableState,
    drift: &Drift,
    table: &SourceTable,
    unique_key: bool,
) -> Result<Vec<Finding>> {
    let Some(known) = &state.shape else { return Ok(Vec::new()) };
    if config.mode == Mode::Full || state.cursor().is_none() || known.key.is_empty() {
        return Ok(Vec::new());
    }
    let reset = format!("`firn sync reset {}` reads everything again", config.source);
    let key: Vec<String> = known.key.iter().map(|name| drift.name_now(name)).collect();
    if on(Protection::CursorKey) {
        if key != config.key {
            let (before, now) = (list(&key), list(&config.key));
            return Err(Error::configuration(format!(
                "`pk` has changed: the target was written by ({before}), the file says ({now})"
            ))
            .with_hint(format!("{reset}, by the new key; or write the old `pk` again")));
        }
        let watermark = known.watermark.as_ref().map(|name| drift.name_now(name));
        if watermark.is_some() && watermark != config.watermark {
            let (before, now) = (watermark.unwrap_or_default(), config.watermark.clone().unwrap_or_default());
            return Err(Error::configuration(format!(
                "`watermark_column` has changed: the cursor is a value of `{before}`, the file says `{now}`"
            ))
            .with_hint(format!("{reset}, by the new watermark; or write the old `watermark_column` again")));
        }
    }
    if !known.unique_key || unique_key || !on(Protection::KeyStaysUnique) {
        return Ok(Vec::new());
    }
    let message = format!(
        "the source no longer keeps the key ({}) unique: of several rows with one key only the newest would stay",
        list(&config.key)
    );
    let fix = match table.primary_key.as_slice() {
        [] => format!("give the table a unique index over ({}), or name a key that is unique", list(&config.key)),
        primary => format!("write `pk: [{}]`, which is the primary key now, and then {reset}", list(primary)),
    };
    match config.on_drift {
        OnDrift::Ignore => Ok(vec![Finding::new(Level::Warning, "key_not_unique", message).with_fix(fix)]),
        OnDrift::Add | OnDrift::Stop => Err(Error::configuration(message).with_hint(fix)),
    }
}

/// Says what has become of a table that is not there any more, where its identity is known.
pub(crate) async fn gone(source: &dyn Source, config: &TableConfig, state: &TableState, error: Error) -> Error {
    let Some(known) = state.shape.as_ref().filter(|_| error.kind == ErrorKind::NotFound) else { return error };
    let found = match source.name_of(known.relation).await {
        Ok(found) => found,
        Err(unanswered) => {
            tracing::debug!(error = %unanswered.chain(), "what became of the table cannot be told");
            return error;
        }
    };
    let (message, hint) = match found {
        Some(name) => (
            format!("the table is not there any more: most likely it was renamed to {name}"),
            format!(
                "write `source: {name}` in its entry; it is then read from the beginning, and its rows replace those of the target key by key"
            ),
        ),
        None => (
            "the table is not there any more, nor under another name: it was dropped".to_owned(),
            "take its entry out of the file; the target keeps what it has".to_owned(),
        ),
    };
    let side = error.side;
    Error::new(side, ErrorKind::NotFound, message).on_table(&config.source).with_hint(hint).caused_by(error)
}
