//! Ranges and multiranges.

use super::super::cursor::{Broken, Cursor};
use super::Printer;

const EMPTY: u8 = 0x01;
const LOWER_INCLUSIVE: u8 = 0x02;
const UPPER_INCLUSIVE: u8 = 0x04;
const LOWER_INFINITE: u8 = 0x08;
const UPPER_INFINITE: u8 = 0x10;
/// All flags that a server sends.
const KNOWN: u8 = EMPTY | LOWER_INCLUSIVE | UPPER_INCLUSIVE | LOWER_INFINITE | UPPER_INFINITE;

/// A range as it is sent: its flags, and the bounds it has.
struct Parts<'a> {
    flags: u8,
    lower: Option<&'a [u8]>,
    upper: Option<&'a [u8]>,
}

fn parts<'a>(cursor: &mut Cursor<'a>) -> Result<Parts<'a>, Broken> {
    let flags = cursor.u8()?;
    if flags & !KNOWN != 0 {
        return Err("its flags are unknown");
    }
    let mut bound = |infinite| match flags & (EMPTY | infinite) {
        0 => cursor.sized()?.ok_or("a bound of the range is NULL").map(Some),
        _ => Ok(None),
    };
    Ok(Parts { flags, lower: bound(LOWER_INFINITE)?, upper: bound(UPPER_INFINITE)? })
}

pub(super) fn range(cursor: &mut Cursor<'_>, printer: &Printer, out: &mut Vec<u8>) -> Result<(), Broken> {
    let parts = parts(cursor)?;
    if parts.flags & EMPTY != 0 {
        out.extend_from_slice(b"empty");
        return Ok(());
    }
    out.push(if parts.flags & LOWER_INCLUSIVE != 0 { b'[' } else { b'(' });
    if let Some(raw) = parts.lower {
        bound(raw, printer, out)?;
    }
    out.push(b',');
    if let Some(raw) = parts.upper {
        bound(raw, printer, out)?;
    }
    out.push(if parts.flags & UPPER_INCLUSIVE != 0 { b']' } else { b')' });
    Ok(())
}

/// Appends a bound, in quotes where it would not read back without.
fn bound(raw: &[u8], printer: &Printer, out: &mut Vec<u8>) -> Result<(), Broken> {
    let start = out.len();
    printer.print(raw, out)?;
    let text = out.get(start..).unwrap_or_default();
    let special = |byte: &u8| matches!(byte, b'"' | b'\\' | b'(' | b')' | b'[' | b']' | b',' | b' ' | 9..=13);
    if !text.is_empty() && !text.iter().any(special) {
        return Ok(());
    }
    let text = out.split_off(start);
    out.push(b'"');
    for byte in text {
        if matches!(byte, b'"' | b'\\') {
            out.push(byte);
        }
        out.push(byte);
    }
    out.push(b'"');
    Ok(())
}

pub(super) fn multirange(cursor: &mut Cursor<'_>, printer: &Printer, out: &mut Vec<u8>) -> Result<(), Broken> {
    out.push(b'{');
    for at in 0..cursor.count(5)? {
        if at > 0 {
            out.push(b',');
        }
        let mut one = Cursor::new(cursor.sized()?.ok_or("one of its ranges is NULL")?);
        range(&mut one, printer, out)?;
        one.end()?;
    }
    out.push(b'}');
    Ok(())
}

/// Returns a bound of the length of a range's text; `plain` is one where its bounds are of ordinary length.
pub(super) fn most_text(raw: &[u8], printer: &Printer, plain: usize) -> usize {
    let Ok(parts) = parts(&mut Cursor::new(raw)) else { return plain };
    // A quoted bound has each of its bytes twice at most.
    let bounds = parts.lower.iter().chain(&parts.upper).map(|raw| 2 * printer.most_text(raw));
    bounds.fold(16, usize::saturating_add)
}

/// Returns a bound of the length of a multirange's text.
pub(super) fn most_text_of_all(raw: &[u8], printer: &Printer, plain: usize) -> usize {
    let mut cursor = Cursor::new(raw);
    let Ok(count) = cursor.count(5) else { return plain };
    let mut most = plain;
    for _ in 0..count {
        let Ok(Some(one)) = cursor.sized() else { return most };
        most = most.saturating_add(most_text(one, printer, 0));
    }
    most
}
