//! Header, tuples and fields of the binary format.

use super::error::DecodeError;
use super::span::Span;

/// The first eleven bytes of every stream.
pub(crate) const SIGNATURE: [u8; 11] = *b"PGCOPY\n\xff\r\n\0";
/// Bytes of signature, flags and the length of the extension.
pub(super) const HEADER: usize = 19;
/// Flag bits that a reader may pass over without knowing them.
const IGNORABLE_FLAGS: u32 = 0xffff;

/// Checks the header and returns the length of the extension that follows it.
pub(super) fn read_header(bytes: &[u8; HEADER]) -> Result<u32, DecodeError> {
    let [s @ .., f0, f1, f2, f3, e0, e1, e2, e3] = *bytes;
    if s != SIGNATURE {
        return Err(DecodeError::Signature);
    }
    let flags = u32::from_be_bytes([f0, f1, f2, f3]);
    if flags & !IGNORABLE_FLAGS != 0 {
        return Err(DecodeError::Flags(flags));
    }
    let extension = i32::from_be_bytes([e0, e1, e2, e3]);
    u32::try_from(extension).map_err(|_| DecodeError::Extension(extension))
}

/// What stands at a position of the stream.
pub(super) enum Tuple {
    /// A whole tuple; the next one begins here.
    Whole { next: usize },
    /// A tuple that is not all there. At least so many bytes, from its beginning, are needed to get further.
    Partial { needed: usize },
    /// The trailer.
    Trailer,
}

/// What breaks a tuple, and where in the bytes.
#[derive(Debug, Clone, Copy)]
pub(super) enum BadTuple {
    Count { at: usize, found: i16 },
    Length { at: usize, field: usize, found: i64 },
}

/// Most bytes of a tuple: a server's message, and so a tuple, ends below 1 GiB.
const MOST_TUPLE: usize = i32::MAX as usize;

/// Reads the tuple at `from`; the spans of its fields go to `spans[field × stride]`, counted from the start of `bytes`.
#[inline]
pub(super) fn read_tuple(
    bytes: &[u8],
    from: usize,
    fields: usize,
    spans: &mut [Span],
    stride: usize,
) -> Result<Tuple, BadTuple> {
    let mut rest = bytes.get(from..).unwrap_or_default();
    let Some((count, after)) = rest.split_first_chunk::<2>() else { return Ok(Tuple::Partial { needed: 2 }) };
    let count = i16::from_be_bytes(*count);
    if count as usize != fields {
        return if count == -1 { Ok(Tuple::Trailer) } else { Err(BadTuple::Count { at: from, found: count }) };
    }
    rest = after;
    for (field, slot) in spans.iter_mut().step_by(stride).take(fields).enumerate() {
        let at = bytes.len() - rest.len();
        let Some((len, value)) = rest.split_first_chunk::<4>() else {
            return Ok(Tuple::Partial { needed: at + 4 - from });
        };
        let len = i32::from_be_bytes(*len);
        *slot = Span { at: (at + 4) as u32, len };
        if len < 0 {
            if len < -1 {
                return Err(BadTuple::Length { at, field, found: i64::from(len) });
            }
            rest = value;
            continue;
        }
        match value.get(len as usize..) {
            Some(after) => rest = after,
            None => {
                let needed = at + 4 + len as usize - from;
                if needed > MOST_TUPLE {
                    return Err(BadTuple::Length { at, field, found: i64::from(len) });
                }
                return Ok(Tuple::Partial { needed });
            }
        }
    }
    Ok(Tuple::Whole { next: bytes.len() - rest.len() })
}
