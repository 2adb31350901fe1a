//! Values of a document without their places: what an edit sets, and what it is checked against.

use crate::scalar::{Meaning, meaning};
use crate::tree::{Kind, Node};

/// A value of a document.
#[derive(Clone, Debug)]
pub enum Value {
    /// Nothing.
    Null,
    /// True or false.
    Flag(bool),
    /// A whole number.
    Integer(i64),
    /// A number.
    Number(f64),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// Keys with values, in order.
    Map(Vec<(String, Value)>),
}

impl PartialEq for Value {
    /// Compares numbers by their bits, so that a document with `.nan` equals itself, and maps with their order.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Flag(one), Self::Flag(other)) => one == other,
            (Self::Integer(one), Self::Integer(other)) => one == other,
            (Self::Number(one), Self::Number(other)) => one.to_bits() == other.to_bits(),
            (Self::Text(one), Self::Text(other)) => one == other,
            (Self::List(one), Self::List(other)) => one == other,
            (Self::Map(one), Self::Map(other)) => one == other,
            _ => false,
        }
    }
}

impl Value {
    /// Returns the value under `key` of a map.
    pub fn get(&self, key: &str) -> Option<&Value> {
        match self {
            Self::Map(entries) => entries.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// Tells whether the value is a list or a map.
    pub fn is_collection(&self) -> bool {
        matches!(self, Self::List(_) | Self::Map(_))
    }

    pub(crate) fn of(node: &Node) -> Self {
        match &node.kind {
            Kind::Scalar { text, text_by_tag: true, .. } => Self::Text(text.clone()),
            Kind::Scalar { text, style, .. } => match meaning(text, *style) {
                Meaning::Null => Self::Null,
                Meaning::Flag(flag) => Self::Flag(flag),
                Meaning::Integer(number) => Self::Integer(number),
                Meaning::Number(number) => Self::Number(number),
                Meaning::Text => Self::Text(text.clone()),
            },
            Kind::Sequence { items, .. } => Self::List(items.iter().map(Self::of).collect()),
            Kind::Mapping { entries, .. } => {
                Self::Map(entries.iter().map(|entry| (entry.name().to_owned(), Self::of(&entry.value))).collect())
            }
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(values: Vec<T>) -> Self {
        Self::List(values.into_iter().map(Into::into).collect())
    }
}

impl From<serde_json::Value> for Value {
    /// Takes a JSON value over; a whole number beyond 64 bits becomes the nearest number.
    fn from(json: serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(flag) => Self::Flag(flag),
            serde_json::Value::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(integer), _) => Self::Integer(integer),
                (None, number) => Self::Number(number.unwrap_or(f64::NAN)),
            },
            serde_json::Value::String(text) => Self::Text(text),
            serde_json::Value::Array(items) => Self::List(items.into_iter().map(Self::from).collect()),
            serde_json::Value::Object(entries) => {
                Self::Map(entries.into_iter().map(|(key, value)| (key, Self::from(value))).collect())
            }
        }
    }
}
