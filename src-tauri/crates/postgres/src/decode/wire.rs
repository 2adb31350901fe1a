//! Streams for tests, built byte by byte as the manual describes the format.

use super::frame::SIGNATURE;

#[path = "../../../../../fuzz/src/reading.rs"]
mod reading;

pub(super) use reading::{decode, plan};

/// A COPY stream under construction.
pub(super) struct Stream(pub Vec<u8>);

impl Stream {
    pub fn new() -> Self {
        let mut bytes = SIGNATURE.to_vec();
        bytes.extend([0; 8]);
        Self(bytes)
    }

    pub fn row(mut self, fields: &[Option<Vec<u8>>]) -> Self {
        self.0.extend(i16::try_from(fields.len()).unwrap().to_be_bytes());
        for field in fields {
            match field {
                Some(value) => {
                    self.0.extend(i32::try_from(value.len()).unwrap().to_be_bytes());
                    self.0.extend(value);
                }
                None => self.0.extend((-1_i32).to_be_bytes()),
            }
        }
        self
    }

    pub fn end(mut self) -> Vec<u8> {
        self.0.extend((-1_i16).to_be_bytes());
        self.0
    }
}

/// A field of four bytes.
pub(super) fn int4(value: i32) -> Option<Vec<u8>> {
    Some(value.to_be_bytes().to_vec())
}

/// A field of eight bytes.
pub(super) fn int8(value: i64) -> Option<Vec<u8>> {
    Some(value.to_be_bytes().to_vec())
}

/// A text field.
pub(super) fn text(value: &str) -> Option<Vec<u8>> {
    Some(value.as_bytes().to_vec())
}

/// A numeric field of base-10000 digits.
pub(super) fn numeric(sign: u16, weight: i16, scale: u16, digits: &[u16]) -> Option<Vec<u8>> {
    let head = [u16::try_from(digits.len()).unwrap(), weight as u16, sign, scale];
    Some(head.iter().chain(digits).flat_map(|word| word.to_be_bytes()).collect())
}

/// An array field: dimensions as (size, lower bound), then the elements.
pub(super) fn array(dimensions: &[(i32, i32)], elements: &[Option<Vec<u8>>]) -> Option<Vec<u8>> {
    let nulls = i32::from(elements.iter().any(Option::is_none));
    let mut bytes: Vec<u8> =
        [i32::try_from(dimensions.len()).unwrap(), nulls, 23].iter().flat_map(|int| int.to_be_bytes()).collect();
    for (size, lower_bound) in dimensions {
        bytes.extend(size.to_be_bytes());
        bytes.extend(lower_bound.to_be_bytes());
    }
    for element in elements {
        bytes.extend(element.as_ref().map_or(-1, |value| value.len() as i32).to_be_bytes());
        bytes.extend(element.iter().flatten());
    }
    Some(bytes)
}

/// A composite field of attributes.
pub(super) fn record(attributes: &[Option<Vec<u8>>]) -> Option<Vec<u8>> {
    let mut bytes = i32::try_from(attributes.len()).unwrap().to_be_bytes().to_vec();
    for attribute in attributes {
        bytes.extend(25_i32.to_be_bytes());
        bytes.extend(sized(attribute));
    }
    Some(bytes)
}

/// A length and so many bytes.
pub(super) fn sized(value: &Option<Vec<u8>>) -> Vec<u8> {
    let mut bytes = value.as_ref().map_or(-1, |value| value.len() as i32).to_be_bytes().to_vec();
    bytes.extend(value.iter().flatten());
    bytes
}

/// A field of a map: pairs of texts.
pub(super) fn hstore(pairs: &[(String, Option<String>)]) -> Option<Vec<u8>> {
    let mut bytes = i32::try_from(pairs.len()).unwrap().to_be_bytes().to_vec();
    for (key, value) in pairs {
        bytes.extend(sized(&text(key)));
        bytes.extend(sized(&value.as_ref().and_then(|value| text(value))));
    }
    Some(bytes)
}
