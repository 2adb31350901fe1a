//! The rules that tie values together: references, collisions, and keys that exclude or need each other.

use crate::check::{join, shown};
use crate::connection::Settings;
use crate::environment::EnvConnections;
use crate::fields::Fields;
use crate::keys::{self, Shape, nearest};
use crate::model::Workspace;
use crate::problem::{Position, Problems};
use crate::tree::{Kind, Node};
use crate::words::{SyncMode, Tls};
use firn_catalog::TableName;
use std::collections::HashMap;

/// Checks the rules over a document, of which `workspace` holds what could be read.
pub(crate) fn check(
    root: &Node,
    workspace: &Workspace,
    environment: &EnvConnections,
    problems: &mut Problems,
    warnings: &mut Problems,
) {
    let rules = Rules { root, workspace, environment };
    rules.connections(problems);
    rules.references(problems, warnings);
    rules.tables(problems);
    rules.jobs(problems);
}

struct Rules<'doc> {
    root: &'doc Node,
    workspace: &'doc Workspace,
    environment: &'doc EnvConnections,
}

/// Returns where the value under `key` stands, or the mapping itself when it is not written.
fn place(node: &Node, key: &str) -> Position {
    node.get(key).map_or(node.position, |value| value.position)
}

impl Rules<'_> {
    fn written_connections(&self) -> &[crate::tree::Entry] {
        self.root.get("connections").and_then(Node::entries).unwrap_or_default()
    }

    fn connections(&self, problems: &mut Problems) {
        for entry in self.written_connections() {
            let path = join("connections", entry.name());
            if self.environment.connections.iter().any(|connection| connection.name == entry.name()) {
                problems.add(
                    entry.key.position,
                    &path,
                    "a connection of this name is defined by variables, too",
                    "give this one another name, or unset the variables",
                );
            }
            let host = entry.value.get("host").and_then(Node::as_text).unwrap_or_default();
            let tls = entry.value.get("tls").and_then(Node::as_text).unwrap_or(Tls::Disable.word());
            let is_postgres = entry.value.get("kind").and_then(Node::as_text) == Some("postgres");
            if is_postgres && host.starts_with('/') && tls != Tls::Disable.word() {
                problems.add(
                    place(&entry.value, "tls"),
                    &join(&path, "tls"),
                    "a socket carries no TLS",
                    "leave `tls` out, or connect to a host name",
                );
            }
            if let Some(primary) = entry.value.get("primary").filter(|_| is_postgres)
                && primary.as_text() == Some(entry.name())
            {
                problems.add(primary.position, &join(&path, "primary"), "a connection cannot be its own primary", "");
            }
        }
    }

    /// Checks every name of a connection. Those that a sync needs are errors; those of other jobs are warnings, because
    /// a table must not stop where only the archive's variables are missing.
    fn references(&self, problems: &mut Problems, warnings: &mut Problems) {
        for key in keys::DOCUMENT.keys {
            let Some(value) = self.root.get(key.name) else { continue };
            match key.shape {
                Shape::Connection => self.reference(value, key.name, problems),
                Shape::Section(section) => self.inner_references(value, section, key.name, warnings),
                Shape::Sections(section) => {
                    for (index, item) in value.items().unwrap_or_default().iter().enumerate() {
                        self.inner_references(item, section, &format!("{}[{index}]", key.name), warnings);
                    }
                }
                _ => {}
            }
        }
        for entry in self.written_connections() {
            if let Some(primary) = entry.value.get("primary") {
                let path = join(&join("connections", entry.name()), "primary");
                self.reference(primary, &path, problems);
            }
        }
    }

    fn inner_references(&self, node: &Node, section: &'static keys::Section, path: &str, problems: &mut Problems) {
        for key in section.keys {
            let Some(value) = node.get(key.name) else { continue };
            let at = join(path, key.name);
            match key.shape {
                Shape::Connection => self.reference(value, &at, problems),
                Shape::Section(section) => self.inner_references(value, section, &at, problems),
                _ => {}
            }
        }
    }

    fn reference(&self, node: &Node, path: &str, problems: &mut Problems) {
        let Some(name) = node.as_text() else { return };
        let written = self.written_connections().iter().any(|entry| entry.name() == name);
        if written || self.environment.connections.iter().any(|connection| connection.name == name) {
            return;
        }
        if let Some(reason) = self.environment.unavailable.get(name) {
            problems.add(
                node.position,
                path,
                format!("the connection `{}` comes from variables, and {reason}", shown(name)),
                "set them, or pass them with --env-file",
            );
            return;
        }
        let known: Vec<&str> = self
            .written_connections()
            .iter()
            .map(crate::tree::Entry::name)
            .chain(self.environment.connections.iter().map(|connection| connection.name.as_str()))
            .collect();
        let hint = match nearest(name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if known.is_empty() => "no connection is defined; add one with `firn connection add`".to_owned(),
            None => format!("the connections are {}", known.join(", ")),
        };
        problems.add(node.position, path, format!("there is no connection `{}`", shown(name)), hint);
    }

    fn tables(&self, problems: &mut Problems) {
        let folding = self.target_folding();
        let mut sources: HashMap<TableName, Position> = HashMap::new();
        let mut targets: HashMap<TableName, (TableName, Position)> = HashMap::new();
        let document = Fields::new(&keys::DOCUMENT, Some(self.root));
        for (index, (table, node)) in document.sections("tables").into_iter().enumerate() {
            let path = format!("tables[{index}]");
            table_rules(table, node, &path, problems);
            if let Some(source) = table.table("source") {
                let at = place(node, "source");
                let full = source.clone().with_default_schema("public");
                if let Some(first) = sources.get(&full) {
                    problems.add(
                        at,
                        &join(&path, "source"),
                        format!("the table `{source}` is synced twice, first in line {}", first.line),
                        "keep one of them: its watermark is stored by the source's name",
                    );
                } else {
                    sources.insert(full, at);
                }
            }
            if let Some(target) = table.table("target") {
                let at = place(node, "target");
                let folded = folding.fold(&target);
                if let Some((first, line)) = targets.get(&folded) {
                    problems.add(
                        at,
                        &join(&path, "target"),
                        format!("the target `{target}` is the same table as `{first}` in line {}", line.line),
                        "give one of them another name; names that differ only in case are one name there",
                    );
                } else {
                    targets.insert(folded, (target, at));
                }
            }
            self.onto_itself(table, node, &path, problems);
        }
    }

    fn onto_itself(&self, table: Fields<'_>, node: &Node, path: &str, problems: &mut Problems) {
        let one_place = self.workspace.source.is_some() && self.workspace.source == self.workspace.target;
        if one_place && table.table("source").is_some() && table.table("source") == table.table("target") {
            problems.add(
                place(node, "target"),
                &join(path, "target"),
                "the table would be written onto itself: source and target are one connection",
                "name another target",
            );
        }
    }

    fn target_folding(&self) -> Folding {
        let target = self.workspace.target.as_deref();
        let connection = target.and_then(|name| {
            let all = self.workspace.connections.iter().chain(&self.environment.connections);
            all.into_iter().find(|connection| connection.name == name)
        });
        match connection.map(|connection| &connection.settings) {
            Some(Settings::Snowflake(snowflake)) => {
                Folding { database: Some(snowflake.database.clone()), schema: Some(snowflake.schema.clone()) }
            }
            Some(Settings::DuckDb(_)) => Folding { database: None, schema: Some("main".to_owned()) },
            Some(Settings::Postgres(postgres)) => {
                Folding { database: Some(postgres.database.clone()), schema: Some("public".to_owned()) }
            }
            _ => Folding { database: None, schema: None },
        }
    }

    fn jobs(&self, problems: &mut Problems) {
        for list in ["refreshes", "snapshots", "lake"] {
            let items = self.root.get(list).and_then(Node::items).unwrap_or_default();
            for (index, item) in items.iter().enumerate() {
                let name = item.get("name").and_then(Node::as_text);
                let twice = |earlier: &&Node| earlier.get("name").and_then(Node::as_text) == name;
                if let Some(first) = items[..index].iter().find(twice).filter(|_| name.is_some()) {
                    problems.add(
                        place(item, "name"),
                        &format!("{list}[{index}].name"),
                        format!(
                            "the name `{}` is taken, in line {}",
                            shown(name.unwrap_or_default()),
                            first.position.line
                        ),
                        "give one of them another name",
                    );
                }
            }
        }
        for (index, item) in self.items("refreshes").iter().enumerate() {
            if let Some(geometry) = item.get("geometry") {
                let path = format!("refreshes[{index}].geometry");
                both_or_neither(geometry, "to_lon", "to_lat", &path, problems);
            }
        }
        for (index, item) in self.items("snapshots").iter().enumerate() {
            let has = |key: &str| item.get(key).is_some_and(|value| !value.is_null());
            if matches!(item.kind, Kind::Mapping { .. }) && has("query") == has("file") {
                problems.add(
                    item.position,
                    &format!("snapshots[{index}]"),
                    "a snapshot is taken of a query or of a file",
                    if has("file") { "take one of `query` and `file` out" } else { "add `query` or `file`" },
                );
            }
        }
    }

    fn items(&self, list: &str) -> &[Node] {
        self.root.get(list).and_then(Node::items).unwrap_or_default()
    }
}

fn both_or_neither(node: &Node, one: &str, other: &str, path: &str, problems: &mut Problems) {
    let has = |key: &str| node.get(key).is_some_and(|value| !value.is_null());
    let (there, missing) = match (has(one), has(other)) {
        (true, false) => (one, other),
        (false, true) => (other, one),
        _ => return,
    };
    problems.add(
        place(node, there),
        &join(path, there),
        format!("`{there}` needs `{missing}`"),
        format!("add `{missing}`"),
    );
}

fn table_rules(table: Fields<'_>, node: &Node, path: &str, problems: &mut Problems) {
    let incremental = table.text("mode").as_deref() == Some(SyncMode::Incremental.word());
    let watermark = table.text("watermark_column");
    let written = node.get("watermark_column").is_some_and(|value| !value.is_null());
    if node.entries().is_some() && incremental && !written {
        problems.add(
            node.position,
            &join(path, "watermark_column"),
            "the key `watermark_column` is missing",
            "name a column that grows with every change, or set `mode: full` to read the whole table every time",
        );
    }
    if node.entries().is_some() && incremental && node.get("pk").is_none_or(Node::is_null) {
        problems.add(
            node.position,
            &join(path, "pk"),
            "the key `pk` is missing",
            "name the column, or list of columns, that identifies a row, or set `mode: full` for a table without one",
        );
    }
    let seconds: u64 = table.integer("lookback_seconds").unwrap_or_default();
    let units: u64 = table.integer("lookback").unwrap_or_default();
    if seconds > 0 && units > 0 {
        problems.add(
            place(node, "lookback"),
            &join(path, "lookback"),
            "`lookback` and `lookback_seconds` exclude each other",
            "keep `lookback_seconds` for a time, `lookback` for an integer watermark",
        );
    }
    let keys = table.names("pk");
    let transforms = node.get("transform").and_then(Node::entries).unwrap_or_default();
    for entry in transforms {
        let role = if keys.iter().any(|key| key == entry.name()) {
            "the key"
        } else if watermark.as_deref() == Some(entry.name()) {
            "the watermark"
        } else {
            continue;
        };
        problems.add(
            entry.key.position,
            &join(&join(path, "transform"), entry.name()),
            format!("`{}` is part of {role}, which is never transformed", shown(entry.name())),
            "take it out of `transform`",
        );
    }
}

/// How the target tells names apart: without regard to case, with these parts filled in.
struct Folding {
    database: Option<String>,
    schema: Option<String>,
}

impl Folding {
    fn fold(&self, table: &TableName) -> TableName {
        let lower = |part: &Option<String>| part.as_ref().map(|part| part.to_lowercase());
        TableName {
            database: lower(&table.database).or_else(|| lower(&self.database)),
            schema: lower(&table.schema).or_else(|| lower(&self.schema)),
            name: table.name.to_lowercase(),
        }
    }
}
