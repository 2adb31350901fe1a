//! Numbers, moments, bits and addresses.

use super::super::cursor::{Broken, Cursor};
use super::super::fixed::{EPOCH_DAYS, EPOCH_MICROS};
use firn_catalog::civil::{MICROS_PER_DAY, date_text, time_text, timestamp_text};
use firn_catalog::pgtext;
use std::io::Write as _;

/// Seconds of the largest offset of a `timetz`, 15:59:59.
const MOST_OFFSET: i32 = 57_599;

pub(super) fn integer(value: i64, out: &mut Vec<u8>) {
    let _infallible = write!(out, "{value}");
}

/// Appends a `"char"`: nothing for the byte 0, and bytes above 127 in octal, as version 16 does. Older servers print
/// the byte itself, which is no text.
pub(super) fn internal_char(byte: u8, out: &mut Vec<u8>) {
    match byte {
        0 => {}
        1..=127 => out.push(byte),
        128.. => {
            let _infallible = write!(out, "\\{byte:03o}");
        }
    }
}

pub(super) fn bytea(raw: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"\\x");
    for byte in raw {
        let _infallible = write!(out, "{byte:02x}");
    }
}

pub(super) fn uuid(bytes: [u8; 16], out: &mut Vec<u8>) {
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            out.push(b'-');
        }
        let _infallible = write!(out, "{byte:02x}");
    }
}

pub(super) fn date(days: i32, out: &mut Vec<u8>) {
    match days {
        i32::MAX => out.extend_from_slice(b"infinity"),
        i32::MIN => out.extend_from_slice(b"-infinity"),
        days => out.extend_from_slice(date_text(i64::from(days) + i64::from(EPOCH_DAYS)).as_bytes()),
    }
}

pub(super) fn time(micros: i64, out: &mut Vec<u8>) -> Result<(), Broken> {
    if !(0..=MICROS_PER_DAY).contains(&micros) {
        return Err("it is not between 00:00:00 and 24:00:00");
    }
    out.extend_from_slice(time_text(micros).as_bytes());
    Ok(())
}

pub(super) fn timetz(micros: i64, west: i32, out: &mut Vec<u8>) -> Result<(), Broken> {
    if !(0..=MICROS_PER_DAY).contains(&micros) {
        return Err("it is not between 00:00:00 and 24:00:00");
    }
    if west.unsigned_abs() > MOST_OFFSET.unsigned_abs() {
        return Err("its offset is beyond 15:59:59");
    }
    pgtext::timetz(micros, west, out);
    Ok(())
}

pub(super) fn moment(micros: i64, zone: &str, out: &mut Vec<u8>) {
    let text = match micros {
        i64::MAX => "infinity".to_owned(),
        i64::MIN => "-infinity".to_owned(),
        _ => match micros.checked_add(EPOCH_MICROS) {
            Some(micros) => timestamp_text(micros, zone),
            // Beyond Arrow's last moment, and long after the year 1.
            None => {
                let date = date_text(micros.div_euclid(MICROS_PER_DAY) + i64::from(EPOCH_DAYS));
                format!("{date} {}{zone}", time_text(micros.rem_euclid(MICROS_PER_DAY)))
            }
        },
    };
    out.extend_from_slice(text.as_bytes());
}

pub(super) fn lsn(value: i64, out: &mut Vec<u8>) {
    let value = value as u64;
    let _infallible = write!(out, "{:X}/{:X}", value >> 32, value & 0xffff_ffff);
}

pub(super) fn bits(cursor: &mut Cursor<'_>, out: &mut Vec<u8>) -> Result<(), Broken> {
    let count = usize::try_from(cursor.i32()?).map_err(|_| "it has a negative number of bits")?;
    let bytes = cursor.bytes(count.div_ceil(8))?;
    let bits = bytes.iter().flat_map(|byte| (0..8).map(move |bit| b'0' + (byte >> (7 - bit) & 1)));
    out.extend(bits.take(count));
    Ok(())
}

/// Appends the address of a machine: 6 or 8 bytes.
pub(super) fn machine(cursor: &mut Cursor<'_>, out: &mut Vec<u8>) -> Result<(), Broken> {
    let bytes = cursor.bytes(cursor.left())?;
    if !matches!(bytes.len(), 6 | 8) {
        return Err("its length is another type's");
    }
    for (at, byte) in bytes.iter().enumerate() {
        let colon = if at > 0 { ":" } else { "" };
        let _infallible = write!(out, "{colon}{byte:02x}");
    }
    Ok(())
}

/// Appends an `inet` or `cidr`. The bits of the mask are left out where an `inet` is a single host.
pub(super) fn network(cursor: &mut Cursor<'_>, out: &mut Vec<u8>) -> Result<(), Broken> {
    let (family, bits, is_cidr, length) = (cursor.u8()?, cursor.u8()?, cursor.u8()?, cursor.u8()?);
    let most = match (family, length) {
        (2, 4) => {
            four(cursor.array()?, out);
            32
        }
        (3, 16) => {
            sixteen(cursor.array()?, out);
            128
        }
        _ => return Err("its family of addresses is unknown"),
    };
    if bits > most {
        return Err("its mask has more bits than its address");
    }
    if bits < most || is_cidr != 0 {
        let _infallible = write!(out, "/{bits}");
    }
    Ok(())
}

fn four([a, b, c, d]: [u8; 4], out: &mut Vec<u8>) {
    let _infallible = write!(out, "{a}.{b}.{c}.{d}");
}

fn sixteen(bytes: [u8; 16], out: &mut Vec<u8>) {
    let mut words = [0_u16; 8];
    for (word, pair) in words.iter_mut().zip(bytes.as_chunks::<2>().0) {
        *word = u16::from_be_bytes(*pair);
    }
    let zeros = longest_zeros(&words);
    // Addresses of the old kind inside the new: ::a.b.c.d and ::ffff:a.b.c.d.
    let old = zeros.start == 0 && (zeros.len() == 6 || zeros.len() == 5 && words[5] == 0xffff);
    for (at, word) in words.iter().enumerate() {
        if zeros.contains(&at) {
            if at == zeros.start {
                out.push(b':');
            }
            continue;
        }
        if at > 0 {
            out.push(b':');
        }
        if at == 6 && old {
            let [.., a, b, c, d] = bytes;
            return four([a, b, c, d], out);
        }
        let _infallible = write!(out, "{word:x}");
    }
    if zeros.end == 8 && !zeros.is_empty() {
        out.push(b':');
    }
}

/// Returns the first of the longest runs of at least two zero words; an empty range far away where there is none.
fn longest_zeros(words: &[u16; 8]) -> std::ops::Range<usize> {
    let mut best = 9..9;
    let mut start = 0;
    for at in 0..=words.len() {
        if words.get(at) == Some(&0) {
            continue;
        }
        if at - start > best.len().max(1) {
            best = start..at;
        }
        start = at + 1;
    }
    best
}
