//! The one table of keys. Checking, reading, nearest-key hints and the JSON Schema all come from it.

mod connections;
mod document;
mod jobs;
mod tables;

pub(crate) use connections::{CONNECTION_KINDS, SECRET_KEYS};
pub(crate) use document::DOCUMENT;
pub(crate) use jobs::COMPARE;
use jobs::{FORECAST, LAKE, REFRESH, SNAPSHOT};
pub(crate) use tables::TABLE;

/// The key of a connection that says which other keys it has.
pub(crate) const KIND: &str = "kind";

/// A mapping of the document with fixed keys.
#[derive(Debug)]
pub(crate) struct Section {
    /// Its name in the JSON Schema.
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) keys: &'static [Key],
}

impl Section {
    pub(crate) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

/// A key of a section.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
    pub(crate) need: Need,
    pub(crate) about: &'static str,
}

/// Whether a key must be there, and what holds when it is not.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Need {
    Required,
    /// `null` means the same as leaving the key out.
    Optional,
    Default(Preset),
}

/// A default.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Preset {
    Text(&'static str),
    Integer(i64),
    Number(f64),
    Flag(bool),
}

/// What a key's value looks like.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    /// Text of at least one character that is not white space.
    Text,
    Flag,
    Integer {
        min: i64,
        max: i64,
    },
    Number {
        min: f64,
        max: f64,
    },
    Choice(&'static [&'static str]),
    /// The name of a connection.
    Connection,
    /// A table's name, as `schema.table`.
    Table,
    /// One name or a list of names.
    Names,
    /// A list of texts, which may be empty.
    Texts,
    /// A span of time such as `120s`.
    Span,
    /// A span of time, or a cron line with a time zone.
    Schedule,
    /// Columns with the SQL expression that replaces each, or null.
    Transforms,
    Section(&'static Section),
    /// A list of mappings.
    Sections(&'static Section),
    /// The connections by name.
    Connections,
}

impl Key {
    const fn required(name: &'static str, shape: Shape, about: &'static str) -> Self {
        Self { name, shape, need: Need::Required, about }
    }

    const fn optional(name: &'static str, shape: Shape, about: &'static str) -> Self {
        Self { name, shape, need: Need::Optional, about }
    }

    const fn preset(name: &'static str, shape: Shape, preset: Preset, about: &'static str) -> Self {
        Self { name, shape, need: Need::Default(preset), about }
    }
}

/// A whole number with no other limit than its type.
const ANY_COUNT: Shape = Shape::Integer { min: 0, max: i64::MAX };

/// Returns the word of `known` that is nearest to `word`, if any is near enough to be what was meant.
pub(crate) fn nearest<'known>(word: &str, known: impl IntoIterator<Item = &'known str>) -> Option<&'known str> {
    let wanted = word.to_lowercase();
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&wanted, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| {
            // A third of the letters may differ; a word that begins the same way is near at any length.
            let begins = wanted.len() >= 3 && candidate.to_lowercase().starts_with(&wanted);
            begins || *distance <= candidate.chars().count().max(wanted.chars().count()).div_ceil(3)
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_keyboard_finds_the_key_and_nonsense_finds_none() {
        let keys = || TABLE.keys.iter().map(|key| key.name);
        for (typed, meant) in [
            ("watermark_colum", "watermark_column"),
            ("watermark", "watermark_column"),
            ("taget", "target"),
            ("Batch_Size", "batch_size"),
            ("batchsize", "batch_size"),
            ("pks", "pk"),
        ] {
            assert_eq!(nearest(typed, keys()), Some(meant), "{typed}");
        }
        assert_eq!(nearest("colour", keys()), None);
    }

    #[test]
    fn every_key_is_described_and_stands_once_in_its_section() {
        fn walk(section: &'static Section) {
            let mut names: Vec<_> = section.keys.iter().map(|key| key.name).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), section.keys.len(), "{}", section.name);
            for key in section.keys {
                assert!(key.about.ends_with('.'), "{}.{}", section.name, key.name);
                if let Shape::Section(inner) | Shape::Sections(inner) = key.shape {
                    walk(inner);
                }
            }
        }
        walk(&DOCUMENT);
        for (_, section) in CONNECTION_KINDS {
            walk(section);
        }
    }
}
