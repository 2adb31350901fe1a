//! Geometric values: their floats are printed with the shortest digits that read back.

use super::super::cursor::{Broken, Cursor};
use firn_catalog::pgtext::float8;

pub(super) fn point(cursor: &mut Cursor<'_>, out: &mut Vec<u8>) -> Result<(), Broken> {
    out.push(b'(');
    pair(cursor, out)?;
    out.push(b')');
    Ok(())
}

fn pair(cursor: &mut Cursor<'_>, out: &mut Vec<u8>) -> Result<(), Broken> {
    float8(cursor.f64()?, out);
    out.push(b',');
    float8(cursor.f64()?, out);
    Ok(())
}

fn points(cursor: &mut Cursor<'_>, count: usize, out: &mut Vec<u8>) -> Result<(), Broken> {
    for at in 0..count {
        if at > 0 {
            out.push(b',');
        }
        point(cursor, out)?;
    }
    Ok(())
}

fn between([before, after]: [u8; 2], cursor: &mut Cursor<'_>, count: usize, out: &mut Vec<u8>) -> Result<(), Broken> {
    out.push(before);
    points(cursor, count, out)?;
    out.push(after);
    Ok(())
}

/// Appends the coefficients of a line.
pub(super) fn line(cursor: &mut Cursor<'_>, out: &mut Vec<u8>) -> Result<(), Broken> {
    out.push(b'{');
    pair(cursor, out)?;
    out.push(b',');
    float8(cursor.f64()?, out);
    out.push(b'}');
    Ok(())
}

pub(super) fn segment(cursor: &mut Cursor<'_>, out: &mut Vec<u8>) -> Result<(), Broken> {
    between(*b"[]", cursor, 2, out)
}

/// Appends the two corners of a box.
pub(super) fn corners(cursor: &mut Cursor<'_>, out: &mut Vec<u8>) -> Result<(), Broken> {
    points(cursor, 2, out)
}

pub(super) fn path(cursor: &mut Cursor<'_>, out: &mut Vec<u8>) -> Result<(), Broken> {
    let around = match cursor.u8()? {
        0 => *b"[]",
        1 => *b"()",
        _ => return Err("it is neither an open nor a closed path"),
    };
    let count = cursor.count(16)?;
    between(around, cursor, count, out)
}

pub(super) fn polygon(cursor: &mut Cursor<'_>, out: &mut Vec<u8>) -> Result<(), Broken> {
    let count = cursor.count(16)?;
    between(*b"()", cursor, count, out)
}

pub(super) fn circle(cursor: &mut Cursor<'_>, out: &mut Vec<u8>) -> Result<(), Broken> {
    out.push(b'<');
    point(cursor, out)?;
    out.push(b',');
    float8(cursor.f64()?, out);
    out.push(b'>');
    Ok(())
}
