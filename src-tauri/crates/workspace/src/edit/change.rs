//! The elementary changes of a document, and what each of them means for its value.

use crate::value::Value;

/// One step of a path into a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Into a mapping.
    Key(String),
    /// Into a list, from 0.
    Item(usize),
}

impl From<&str> for Step {
    fn from(key: &str) -> Self {
        Self::Key(key.to_owned())
    }
}

impl From<usize> for Step {
    fn from(index: usize) -> Self {
        Self::Item(index)
    }
}

/// An elementary change. The text editor carries it out on bytes, [`Change::apply`] on values; both must agree.
#[derive(Clone, Debug)]
pub(super) enum Change {
    /// The value at the path is another one.
    Replace { path: Vec<Step>, value: Value },
    /// The mapping at the path has one more key, at its end. A missing mapping is made, if its own parent is there.
    Insert { path: Vec<Step>, key: String, value: Value },
    /// The list at the path has more items, at its end. A missing list is made, if its own parent is there.
    Append { path: Vec<Step>, values: Vec<Value> },
    /// What stands at the path is gone.
    Remove { path: Vec<Step> },
}

impl Change {
    pub(super) fn path(&self) -> &[Step] {
        match self {
            Self::Replace { path, .. }
            | Self::Insert { path, .. }
            | Self::Append { path, .. }
            | Self::Remove { path } => path,
        }
    }

    /// Returns the document's value after the change; `None` when the path leads nowhere.
    pub(super) fn apply(&self, mut document: Value) -> Option<Value> {
        match self {
            Self::Replace { path, value } => *find(&mut document, path)? = value.clone(),
            Self::Insert { path, key, value } => match find_or_make(&mut document, path, || Value::Map(Vec::new()))? {
                Value::Map(entries) if entries.iter().all(|(name, _)| name != key) => {
                    entries.push((key.clone(), value.clone()));
                }
                _ => return None,
            },
            Self::Append { path, values } => match find_or_make(&mut document, path, || Value::List(Vec::new()))? {
                Value::List(items) => items.extend(values.iter().cloned()),
                _ => return None,
            },
            Self::Remove { path } => {
                let (last, parent) = path.split_last()?;
                match (find(&mut document, parent)?, last) {
                    (Value::Map(entries), Step::Key(key)) => {
                        let index = entries.iter().position(|(name, _)| name == key)?;
                        entries.remove(index);
                    }
                    (Value::List(items), Step::Item(index)) if *index < items.len() => {
                        items.remove(*index);
                    }
                    _ => return None,
                }
            }
        }
        Some(document)
    }
}

fn find<'value>(value: &'value mut Value, path: &[Step]) -> Option<&'value mut Value> {
    path.iter().try_fold(value, |value, step| match (value, step) {
        (Value::Map(entries), Step::Key(key)) => {
            entries.iter_mut().find(|(name, _)| name == key).map(|(_, value)| value)
        }
        (Value::List(items), Step::Item(index)) => items.get_mut(*index),
        _ => None,
    })
}

/// Finds a collection; where nothing or null stands, makes an empty one.
fn find_or_make<'value>(
    document: &'value mut Value,
    path: &[Step],
    empty: impl Fn() -> Value,
) -> Option<&'value mut Value> {
    if let Some((Step::Key(key), parent)) = path.split_last()
        && let Value::Map(entries) = find(document, parent)?
        && entries.iter().all(|(name, _)| name != key)
    {
        entries.push((key.clone(), empty()));
    }
    let found = find(document, path)?;
    if matches!(found, Value::Null) {
        *found = empty();
    }
    Some(found)
}
