//! Typed reading of a section's values, with the defaults of the table of keys.
//!
//! Values of a wrong shape read as if they were not there: the check has reported them already.

use crate::keys::{Key, Need, Preset, Section, Shape};
use crate::scalar::{Meaning, Style, meaning};
use crate::schedule::{Schedule, parse_span};
use crate::tree::{Kind, Node};
use firn_catalog::TableName;
use std::time::Duration;

/// The values of one section of the document.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'doc> {
    section: &'static Section,
    node: Option<&'doc Node>,
}

impl Node {
    /// Returns what the scalar means; `None` for collections.
    pub(crate) fn meaning(&self) -> Option<Meaning> {
        match &self.kind {
            Kind::Scalar { text_by_tag: true, .. } => Some(Meaning::Text),
            Kind::Scalar { text, style, .. } => Some(meaning(text, *style)),
            Kind::Sequence { .. } | Kind::Mapping { .. } => None,
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        self.meaning() == Some(Meaning::Null)
    }

    /// Returns the text of a scalar that means text.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, .. } if self.meaning() == Some(Meaning::Text) => Some(text),
            _ => None,
        }
    }

    /// Returns the style of a scalar.
    pub(crate) fn style(&self) -> Option<Style> {
        match &self.kind {
            Kind::Scalar { style, .. } => Some(*style),
            Kind::Sequence { .. } | Kind::Mapping { .. } => None,
        }
    }
}

/// The word that a key with a choice of words may hold without quotes, though it means nothing elsewhere.
const NULL_WORD: &str = "null";

impl<'doc> Fields<'doc> {
    pub(crate) fn new(section: &'static Section, node: Option<&'doc Node>) -> Self {
        Self { section, node }
    }

    /// Returns the key's description and its value, unless that is null or missing.
    fn value(&self, name: &str) -> (Option<&'static Key>, Option<&'doc Node>) {
        let key = self.section.key(name);
        #[cfg(test)]
        tests::record(self.section.name, name);
        debug_assert!(key.is_some(), "{}.{name} is not in the table of keys", self.section.name);
        let value = self.node.and_then(|node| node.get(name)).filter(|value| !value.is_null());
        (key, value)
    }

    pub(crate) fn text(&self, name: &str) -> Option<String> {
        let (key, value) = self.value(name);
        if value.is_none() && self.says_null(key, name) {
            return Some(NULL_WORD.to_owned());
        }
        match (value, key.map(|key| key.need)) {
            (Some(value), _) => value.as_text().map(str::to_owned),
            (None, Some(Need::Default(Preset::Text(text)))) => Some(text.to_owned()),
            _ => None,
        }
    }

    /// Returns whether a null is written out for a key that has a word for it.
    fn says_null(&self, key: Option<&'static Key>, name: &str) -> bool {
        let has_word = key.is_some_and(|key| matches!(key.shape, Shape::Choice(words) if words.contains(&NULL_WORD)));
        let written = |node: &Node| matches!(&node.kind, Kind::Scalar { text, .. } if !text.is_empty());
        has_word && self.node.and_then(|node| node.get(name)).is_some_and(|node| node.is_null() && written(node))
    }

    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        let (key, value) = self.value(name);
        match (value.map(Node::meaning), key.map(|key| key.need)) {
            (Some(Some(Meaning::Flag(flag))), _) => Some(flag),
            (None, Some(Need::Default(Preset::Flag(flag)))) => Some(flag),
            _ => None,
        }
    }

    /// Returns a whole number within the limits that the table of keys sets.
    pub(crate) fn integer<T: TryFrom<i64>>(&self, name: &str) -> Option<T> {
        let (key, value) = self.value(name);
        let key = key?;
        let number = match (value.map(Node::meaning), key.need) {
            (Some(Some(Meaning::Integer(number))), _) => number,
            (None, Need::Default(Preset::Integer(number))) => number,
            _ => return None,
        };
        match key.shape {
            Shape::Integer { min, max } if (min..=max).contains(&number) => T::try_from(number).ok(),
            _ => None,
        }
    }

    /// Returns a number within the limits that the table of keys sets.
    pub(crate) fn number(&self, name: &str) -> Option<f64> {
        let (key, value) = self.value(name);
        let key = key?;
        let number = match (value.map(Node::meaning), key.need) {
            (Some(Some(Meaning::Number(number))), _) => number,
            #[expect(clippy::cast_precision_loss, reason = "a count written without a point; the limits keep it small")]
            (Some(Some(Meaning::Integer(number))), _) => number as f64,
            (None, Need::Default(Preset::Number(number))) => number,
            _ => return None,
        };
        match key.shape {
            Shape::Number { min, max } if (min..=max).contains(&number) => Some(number),
            _ => None,
        }
    }

    pub(crate) fn table(&self, name: &str) -> Option<TableName> {
        TableName::parse(&self.text(name)?).ok()
    }

    /// Returns one name or a list of names as a list; empty when the key is missing.
    pub(crate) fn names(&self, name: &str) -> Vec<String> {
        let Some(value) = self.value(name).1 else { return Vec::new() };
        match value.items() {
            Some(items) => items.iter().filter_map(Node::as_text).map(str::to_owned).collect(),
            None => value.as_text().map(str::to_owned).into_iter().collect(),
        }
    }

    pub(crate) fn schedule(&self, name: &str) -> Option<Schedule> {
        Schedule::parse(&self.text(name)?).ok()
    }

    pub(crate) fn span(&self, name: &str) -> Option<Duration> {
        parse_span(&self.text(name)?).ok()
    }

    /// Returns columns with their expressions.
    pub(crate) fn transforms(&self, name: &str) -> Vec<(String, Option<String>)> {
        let entries = self.value(name).1.and_then(Node::entries).unwrap_or_default();
        entries.iter().map(|entry| (entry.name().to_owned(), entry.value.as_text().map(str::to_owned))).collect()
    }

    /// Returns an inner section, if it is there.
    pub(crate) fn section(&self, name: &str) -> Option<Fields<'doc>> {
        let (key, value) = self.value(name);
        match key?.shape {
            Shape::Section(section) => value.map(|value| Fields::new(section, Some(value))),
            _ => None,
        }
    }

    /// Returns the sections of a list, with the node of each.
    pub(crate) fn sections(&self, name: &str) -> Vec<(Fields<'doc>, &'doc Node)> {
        let (key, value) = self.value(name);
        let Some(Shape::Sections(section)) = key.map(|key| key.shape) else { return Vec::new() };
        let items = value.and_then(Node::items).unwrap_or_default();
        items.iter().map(|item| (Fields::new(section, Some(item)), item)).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::keys::{self, Key, Section, Shape};
    use std::cell::RefCell;
    use std::collections::BTreeSet;

    thread_local! {
        static ASKED: RefCell<BTreeSet<(&'static str, String)>> = const { RefCell::new(BTreeSet::new()) };
    }

    /// Remembers that a key was asked for.
    pub(super) fn record(section: &'static str, key: &str) {
        ASKED.with_borrow_mut(|asked| asked.insert((section, key.to_owned())));
    }

    fn walk(section: &'static Section, see: &mut impl FnMut(&'static Section, &'static Key)) {
        for key in section.keys {
            see(section, key);
            if let Shape::Section(inner) | Shape::Sections(inner) = key.shape {
                walk(inner, see);
            }
        }
    }

    #[test]
    fn every_key_that_a_document_may_hold_is_read_into_the_model() {
        let everything = include_str!("../tests/documents/everything.yaml")
            .replace("connections:\n", "connections:\n  local: { kind: folder, path: . }\n");
        let workspace = crate::Workspace::parse(&everything, "firn.yaml", &crate::EnvConnections::default());
        assert!(workspace.is_ok());
        let mut unread = Vec::new();
        let mut see = |section: &'static Section, key: &'static Key| {
            let asked = ASKED.with_borrow(|asked| asked.contains(&(section.name, key.name.to_owned())));
            // Connections are read by their names, not as a section.
            if !asked && !matches!(key.shape, Shape::Connections) {
                unread.push(format!("{}.{}", section.name, key.name));
            }
        };
        walk(&keys::DOCUMENT, &mut see);
        for (_, section) in keys::CONNECTION_KINDS {
            walk(section, &mut see);
        }
        assert_eq!(unread, [] as [&str; 0]);
    }
}
