//! Documents and queries of the text search.

use super::super::cursor::{Broken, Cursor};
use std::io::Write as _;

/// Appends a word in quotes, with quotes and backslashes doubled.
fn word(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'\'');
    for byte in text {
        if matches!(byte, b'\'' | b'\\') {
            out.push(*byte);
        }
        out.push(*byte);
    }
    out.push(b'\'');
}

pub(super) fn tsvector(cursor: &mut Cursor<'_>, out: &mut Vec<u8>) -> Result<(), Broken> {
    // Each word has at least its end and the number of its places.
    for at in 0..cursor.count(3)? {
        if at > 0 {
            out.push(b' ');
        }
        word(cursor.text()?, out);
        for place in 0..cursor.u16()? {
            out.push(if place == 0 { b':' } else { b',' });
            let place = cursor.u16()?;
            let _infallible = write!(out, "{}", place & 0x3fff);
            match place >> 14 {
                3 => out.push(b'A'),
                2 => out.push(b'B'),
                1 => out.push(b'C'),
                _ => {}
            }
        }
    }
    Ok(())
}

/// An operator of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Not,
    And,
    Or,
    Phrase(i16),
}

impl Operator {
    /// Returns how strongly it binds.
    fn priority(self) -> u8 {
        match self {
            Self::Or => 1,
            Self::And => 2,
            Self::Phrase(_) => 3,
            Self::Not => 4,
        }
    }
}

enum Item {
    Word(Vec<u8>),
    Operator(Operator),
}

/// A printed part of a query and the operator that binds it together; `None` for a word.
struct Part {
    text: Vec<u8>,
    top: Option<Operator>,
}

impl Part {
    /// Puts parentheses around a part that its surroundings would tear apart.
    fn inside(self, outer: Operator, right: bool) -> Vec<u8> {
        let Some(top) = self.top else { return self.text };
        // What follows what depends on the order, so phrases within a phrase keep theirs.
        let phrases = right && matches!((top, outer), (Operator::Phrase(_), Operator::Phrase(_)));
        if top.priority() < outer.priority() || phrases { [b"( ", &self.text[..], b" )"].concat() } else { self.text }
    }
}

pub(super) fn tsquery(cursor: &mut Cursor<'_>, out: &mut Vec<u8>) -> Result<(), Broken> {
    const UNBALANCED: Broken = "its operators and words do not fit together";
    let mut items = Vec::new();
    for _ in 0..cursor.count(2)? {
        items.push(item(cursor)?);
    }
    // An operator stands before its right operand, and that before the left one: read backwards, both are there when
    // their operator comes.
    let mut parts: Vec<Part> = Vec::new();
    for item in items.into_iter().rev() {
        let part = match item {
            Item::Word(text) => Part { text, top: None },
            Item::Operator(Operator::Not) => {
                let operand = parts.pop().ok_or(UNBALANCED)?.inside(Operator::Not, false);
                Part { text: [b"!", &operand[..]].concat(), top: Some(Operator::Not) }
            }
            Item::Operator(operator) => {
                let right = parts.pop().ok_or(UNBALANCED)?.inside(operator, true);
                let mut text = parts.pop().ok_or(UNBALANCED)?.inside(operator, false);
                match operator {
                    Operator::And => text.extend_from_slice(b" & "),
                    Operator::Or => text.extend_from_slice(b" | "),
                    Operator::Phrase(1) => text.extend_from_slice(b" <-> "),
                    Operator::Phrase(distance) => {
                        let _infallible = write!(text, " <{distance}> ");
                    }
                    Operator::Not => return Err(UNBALANCED),
                }
                text.extend_from_slice(&right);
                Part { text, top: Some(operator) }
            }
        };
        parts.push(part);
    }
    match (parts.pop(), parts.pop()) {
        (Some(whole), None) => out.extend_from_slice(&whole.text),
        (None, _) => {}
        (Some(_), Some(_)) => return Err(UNBALANCED),
    }
    Ok(())
}

fn item(cursor: &mut Cursor<'_>) -> Result<Item, Broken> {
    match cursor.u8()? {
        1 => {
            let (weight, prefix) = (cursor.u8()?, cursor.u8()?);
            let mut text = Vec::new();
            word(cursor.text()?, &mut text);
            if weight != 0 || prefix != 0 {
                text.push(b':');
            }
            if prefix != 0 {
                text.push(b'*');
            }
            text.extend((0..4).filter(|bit| weight >> (3 - bit) & 1 == 1).map(|bit| b'A' + bit));
            Ok(Item::Word(text))
        }
        2 => Ok(Item::Operator(match cursor.u8()? {
            1 => Operator::Not,
            2 => Operator::And,
            3 => Operator::Or,
            4 => Operator::Phrase(i16::from_be_bytes(cursor.array()?)),
            _ => return Err("one of its operators is unknown"),
        })),
        _ => Err("one of its parts is neither a word nor an operator"),
    }
}
