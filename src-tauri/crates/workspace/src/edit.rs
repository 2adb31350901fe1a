//! Edits of a document that keep its comments, its order and every line that is not changed, byte for byte.

mod change;
mod lines;
mod splice;
mod values;
mod write;

use crate::connection::Connection;
use crate::environment::EnvConnections;
use crate::keys::nearest;
use crate::model::{TableSync, Workspace};
use crate::parse::{check_tree, read_tree};
use crate::problem::{Problem, WorkspaceError};
use crate::tree::Node;
use crate::value::Value;
use change::Change;
pub use change::Step;
use firn_catalog::TableName;
pub use lines::TableLines;

/// A document that is open for edits: its text, and the tree that was read from it.
///
/// Every edit is all or nothing. It is carried out on the bytes, the result is read again and compared with what the edit
/// means, and it is taken back if that differs or if the document would have a fault that it did not have before.
#[derive(Clone, Debug)]
pub struct Document {
    text: String,
    file: String,
    environment: EnvConnections,
    root: Option<Node>,
}

/// Changes to the keys of one table, in the order in which they are made.
#[derive(Clone, Debug, Default)]
pub struct TablePatch {
    changes: Vec<(String, Option<Value>)>,
}

/// Why a document was not edited. It is as it was before.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// What was to be changed is not in the document.
    #[error("{file}: there is no {what} `{name}`{}", near.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default())]
    Missing {
        /// The document.
        file: String,
        /// What was looked for.
        what: &'static str,
        /// Its name.
        name: String,
        /// The nearest name that is there.
        near: Option<String>,
    },
    /// The document would have faults that it did not have before.
    #[error("the edit was not made, because the file would be wrong:\n{0}")]
    Faults(WorkspaceError),
    /// The document is written in a way that cannot be edited without touching more than was asked for.
    #[error(
        "{file}: `{path}` is written in a way that is not edited automatically (an anchor, an alias, or an unusual layout); edit the file by hand"
    )]
    Layout {
        /// The document.
        file: String,
        /// The key path.
        path: String,
    },
    /// A list or a mapping was passed where a single value is set.
    #[error("{file}: `{path}` is set to a single value, not to a list or a mapping")]
    NotScalar {
        /// The document.
        file: String,
        /// The key path.
        path: String,
    },
}

impl TablePatch {
    /// Makes a patch that changes nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a key of the table, by its name in the document.
    #[must_use]
    pub fn set(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.changes.push((key.to_owned(), Some(value.into())));
        self
    }

    /// Takes a key out, so that its default holds.
    #[must_use]
    pub fn unset(mut self, key: &str) -> Self {
        self.changes.push((key.to_owned(), None));
        self
    }
}

impl Document {
    /// Opens a text for edits. Faults against the table of keys do not stand in the way: an edit may mend them.
    ///
    /// # Errors
    /// Fails when the text is not YAML.
    pub fn parse(text: &str, file: &str, environment: &EnvConnections) -> Result<Self, WorkspaceError> {
        let root = read_tree(text, file)?;
        Ok(Self { text: text.to_owned(), file: file.to_owned(), environment: environment.clone(), root })
    }

    /// Returns the text as it is now.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Reads and checks the document as it is now.
    ///
    /// # Errors
    /// Fails as [`Workspace::parse`] does.
    pub fn workspace(&self) -> Result<Workspace, WorkspaceError> {
        check_tree(self.root.as_ref(), &self.file, &self.environment)
    }

    /// Adds a connection, or brings the one of this name to these settings. Keys that are right already, or that would
    /// only repeat a default, are not touched.
    ///
    /// # Errors
    /// Fails without any change, as [`EditError`] says.
    pub fn set_connection(&mut self, connection: &Connection) -> Result<(), EditError> {
        let wanted = values::connection(connection);
        let connections = vec![Step::from("connections")];
        let path = vec![Step::from("connections"), Step::from(connection.name.as_str())];
        let Some(present) = self.value(&path).filter(|value| *value != Value::Null) else {
            let value = Value::Map(wanted.sparse());
            let change = match self.value(&path) {
                Some(_) => Change::Replace { path, value },
                None => Change::Insert { path: connections, key: connection.name.clone(), value },
            };
            return self.edit(vec![change]);
        };
        let mut changes = Vec::new();
        let written: Vec<_> = match &present {
            Value::Map(entries) => entries.clone(),
            _ => Vec::new(),
        };
        for (key, value) in &written {
            let path = with(&path, key.as_str());
            match wanted.get(key) {
                Some(wanted) if wanted == value => {}
                Some(wanted) => changes.push(Change::Replace { path, value: wanted.clone() }),
                None if *value == Value::Null => {}
                None => changes.push(Change::Remove { path }),
            }
        }
        for (key, value) in wanted.sparse() {
            if present.get(&key).is_none() {
                changes.push(Change::Insert { path: path.clone(), key, value });
            }
        }
        self.edit(changes)
    }

    /// Takes a connection out.
    ///
    /// # Errors
    /// Fails without any change when there is none of this name, or when it is referred to.
    pub fn remove_connection(&mut self, name: &str) -> Result<(), EditError> {
        let connections = self.value(&[Step::from("connections")]);
        let names: Vec<String> = match connections {
            Some(Value::Map(entries)) => entries.into_iter().map(|(name, _)| name).collect(),
            _ => Vec::new(),
        };
        if !names.iter().any(|known| known == name) {
            return Err(self.missing("connection", name, names.iter().map(String::as_str)));
        }
        self.edit(vec![Change::Remove { path: vec![Step::from("connections"), Step::from(name)] }])
    }

    /// Adds a table at the end of the list, with the keys that differ from their defaults.
    ///
    /// # Errors
    /// Fails without any change, for example when the source or the target is there already.
    pub fn add_table(&mut self, table: &TableSync) -> Result<(), EditError> {
        self.add_tables(std::slice::from_ref(table))
    }

    /// Adds tables at the end of the list, all or none.
    ///
    /// # Errors
    /// Fails without any change, for example when a source or a target is there already.
    pub fn add_tables(&mut self, tables: &[TableSync]) -> Result<(), EditError> {
        if tables.is_empty() {
            return Ok(());
        }
        let values = tables.iter().map(|table| Value::Map(values::table(table))).collect();
        self.edit(vec![Change::Append { path: vec![Step::from("tables")], values }])
    }

    /// Changes keys of the table with this source.
    ///
    /// # Errors
    /// Fails without any change when there is no such table, or when the document would be wrong afterwards.
    pub fn set_table(&mut self, source: &str, patch: &TablePatch) -> Result<(), EditError> {
        self.set_tables(&[(source, patch)])
    }

    /// Changes keys of several tables, all or none: what is wrong only between two of them does not count.
    ///
    /// # Errors
    /// Fails without any change when one of the tables is not there, or when the document would be wrong afterwards.
    pub fn set_tables(&mut self, patches: &[(&str, &TablePatch)]) -> Result<(), EditError> {
        let mut changes = Vec::new();
        for (source, patch) in patches {
            let path = self.table_path(source)?;
            // Keys may be named twice in a patch; only what the earlier ones left is looked at.
            let mut present = self.value(&path).unwrap_or(Value::Null);
            for (key, value) in &patch.changes {
                let at = with(&path, key.as_str());
                let change = match (present.get(key), value) {
                    (Some(old), Some(new)) if old == new => continue,
                    (None, None) => continue,
                    (Some(_), Some(value)) => Change::Replace { path: at, value: value.clone() },
                    (None, Some(value)) => {
                        Change::Insert { path: path.clone(), key: key.clone(), value: value.clone() }
                    }
                    (Some(_), None) => Change::Remove { path: at },
                };
                if let Value::Map(entries) = &mut present {
                    entries.retain(|(name, _)| name != key);
                    entries.extend(value.clone().map(|value| (key.clone(), value)));
                }
                changes.push(change);
            }
        }
        self.edit(changes)
    }

    /// Changes what becomes of columns of the table with this source: `Some(None)` leaves a column out, `Some(Some(sql))`
    /// has the source compute an expression instead, `None` lets it travel as it is. Other columns' lines stay as they are.
    ///
    /// # Errors
    /// Fails without any change when there is no such table, or when the document would be wrong afterwards.
    pub fn set_transforms(
        &mut self,
        source: &str,
        transforms: &[(String, Option<Option<String>>)],
    ) -> Result<(), EditError> {
        let table = self.table_path(source)?;
        let path = with(&table, "transform");
        let written = match self.value(&path) {
            Some(Value::Map(entries)) => entries,
            _ => Vec::new(),
        };
        let mut left = written.clone();
        let mut changes = Vec::new();
        for (column, sql) in transforms {
            let value = sql.clone().map(Value::from);
            let at = left.iter().position(|(name, _)| name == column);
            let place = with(&path, column.as_str());
            match (at, value) {
                (Some(at), Some(value)) if left[at].1 == value => {}
                (Some(at), Some(value)) => {
                    left[at].1 = value.clone();
                    changes.push(Change::Replace { path: place, value });
                }
                (None, Some(value)) => {
                    left.push((column.clone(), value.clone()));
                    changes.push(Change::Insert { path: path.clone(), key: column.clone(), value });
                }
                (Some(at), None) => {
                    left.remove(at);
                    changes.push(Change::Remove { path: place });
                }
                (None, None) => {}
            }
        }
        if changes.is_empty() {
            return Ok(());
        }
        // An empty mapping is written as no mapping, and one that is not there yet is written whole.
        let whole = match (written.is_empty(), left.is_empty(), self.value(&path).is_some()) {
            (_, true, true) => Some(Change::Remove { path }),
            (true, false, true) => Some(Change::Replace { path, value: Value::Map(left) }),
            (true, false, false) => {
                Some(Change::Insert { path: table, key: "transform".to_owned(), value: Value::Map(left) })
            }
            _ => None,
        };
        self.edit(whole.map_or(changes, |whole| vec![whole]))
    }

    /// Takes the table with this source out of the list.
    ///
    /// # Errors
    /// Fails without any change when there is no such table.
    pub fn remove_table(&mut self, source: &str) -> Result<(), EditError> {
        let path = self.table_path(source)?;
        self.edit(vec![Change::Remove { path }])
    }

    /// Sets a single value, such as `sync_interval_seconds`; the mapping that holds it must be there.
    ///
    /// # Errors
    /// Fails without any change, as [`EditError`] says.
    pub fn set_scalar(&mut self, path: &[Step], value: impl Into<Value>) -> Result<(), EditError> {
        let value = value.into();
        if value.is_collection() {
            return Err(EditError::NotScalar { file: self.file.clone(), path: path_text(path) });
        }
        let change = match (self.value(path), path.split_last()) {
            (Some(old), _) if old == value => return Ok(()),
            (Some(_), _) => Change::Replace { path: path.to_vec(), value },
            (None, Some((Step::Key(key), parent))) => Change::Insert { path: parent.to_vec(), key: key.clone(), value },
            (None, _) => return Err(self.missing("value", &path_text(path), [])),
        };
        self.edit(vec![change])
    }

    /// Takes a key or an item of a list out, with everything below it.
    ///
    /// # Errors
    /// Fails without any change when it is not there, or when the document would be wrong afterwards.
    pub fn remove(&mut self, path: &[Step]) -> Result<(), EditError> {
        if self.value(path).is_none() {
            return Err(self.missing("value", &path_text(path), []));
        }
        self.edit(vec![Change::Remove { path: path.to_vec() }])
    }

    /// Makes changes one after the other, all or none.
    fn edit(&mut self, changes: Vec<Change>) -> Result<(), EditError> {
        let before = self.problems();
        let mut edited = self.clone();
        for change in &changes {
            edited.make(change)?;
        }
        let known =
            |problem: &Problem| before.iter().any(|old| old.path == problem.path && old.message == problem.message);
        let fresh: Vec<_> = edited.problems().into_iter().filter(|problem| !known(problem)).collect();
        if !fresh.is_empty() {
            return Err(EditError::Faults(WorkspaceError { problems: fresh }));
        }
        *self = edited;
        Ok(())
    }

    /// Makes one change on the bytes, and holds the result against what the change means.
    fn make(&mut self, change: &Change) -> Result<(), EditError> {
        let layout = || EditError::Layout { file: self.file.clone(), path: path_text(change.path()) };
        let expected = change.apply(self.whole()).ok_or_else(layout)?;
        let text = splice::splice(&self.text, self.root.as_ref(), change).ok_or_else(layout)?;
        let root = read_tree(&text, &self.file).map_err(|_| layout())?;
        let edited = Self { text, root, file: self.file.clone(), environment: EnvConnections::default() };
        if edited.whole() != expected {
            return Err(layout());
        }
        self.text = edited.text;
        self.root = edited.root;
        Ok(())
    }

    fn problems(&self) -> Vec<Problem> {
        self.workspace().err().map(|error| error.problems).unwrap_or_default()
    }

    /// Returns the document's value; an empty document is an empty mapping.
    fn whole(&self) -> Value {
        match self.root.as_ref().map(Value::of) {
            None | Some(Value::Null) => Value::Map(Vec::new()),
            Some(value) => value,
        }
    }

    fn value(&self, path: &[Step]) -> Option<Value> {
        let node = path.iter().try_fold(self.root.as_ref()?, |node, step| match step {
            Step::Key(key) => node.get(key),
            Step::Item(index) => node.items()?.get(*index),
        })?;
        Some(Value::of(node))
    }

    fn table_path(&self, source: &str) -> Result<Vec<Step>, EditError> {
        let items = self.root.as_ref().and_then(|root| root.get("tables")).and_then(Node::items).unwrap_or_default();
        let sources: Vec<&str> =
            items.iter().map(|item| item.get("source").and_then(Node::as_text).unwrap_or_default()).collect();
        let full = |text: &str| TableName::parse(text).ok().map(|name| name.with_default_schema("public"));
        let wanted = full(source);
        match sources.iter().position(|text| *text == source || wanted.is_some() && full(text) == wanted) {
            Some(index) => Ok(vec![Step::from("tables"), Step::from(index)]),
            None => Err(self.missing("table", source, sources)),
        }
    }

    fn missing<'name>(&self, what: &'static str, name: &str, known: impl IntoIterator<Item = &'name str>) -> EditError {
        let near = nearest(name, known).map(str::to_owned);
        EditError::Missing { file: self.file.clone(), what, name: name.to_owned(), near }
    }
}

fn with(path: &[Step], step: impl Into<Step>) -> Vec<Step> {
    path.iter().cloned().chain([step.into()]).collect()
}

fn path_text(path: &[Step]) -> String {
    path.iter().fold(String::new(), |text, step| match step {
        Step::Key(key) => crate::check::join(&text, key),
        Step::Item(index) => format!("{text}[{index}]"),
    })
}
