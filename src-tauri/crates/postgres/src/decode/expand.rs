//! How much longer values can be in Arrow than in the stream: what keeps a batch below the 2 GiB that its offsets reach.

use super::list::read_array;
use super::nested::read_row;
use super::numeric::most_text;
use super::print::Printer;
use firn_catalog::PgType;

/// Returns a bound of the bytes that the parts of a value take in Arrow, where that can be far more than in the stream;
/// 0 for all other types.
pub(super) fn most_bytes_of(ty: &PgType, raw: &[u8]) -> usize {
    match ty.base() {
        PgType::Numeric(_) => most_text(raw),
        PgType::Array(item) => {
            let item = innermost(item);
            if !expands(item) {
                return 0;
            }
            let mut elements = Vec::new();
            match read_array(raw, 0, &mut elements) {
                Ok(_) => sum(elements.iter().map(|span| most_bytes_of(item, span.within(raw)))),
                Err(_) => 0,
            }
        }
        PgType::Composite(_, attributes) => {
            let mut most = 0_usize;
            let add = |at: usize, span: super::span::Span| {
                if let Some((_, ty)) = attributes.get(at) {
                    most = most.saturating_add(most_bytes_of(ty, span.within(raw)));
                }
            };
            match read_row(raw, 0, attributes.len(), add) {
                Ok(()) => most,
                Err(_) => 0,
            }
        }
        // A NULL takes as much room as a vector.
        PgType::Vector(Some(size)) | PgType::Halfvec(Some(size)) => 4 * *size as usize,
        ty if is_printed(ty) => Printer::of(ty).map_or(0, |printer| printer.most_text(raw)),
        _ => 0,
    }
}

/// Returns whether values of a type can take far more bytes in Arrow than in the stream.
pub(super) fn expands(ty: &PgType) -> bool {
    match ty.base() {
        PgType::Numeric(_) | PgType::Vector(Some(_)) | PgType::Halfvec(Some(_)) => true,
        PgType::Array(item) => expands(item),
        PgType::Composite(_, attributes) => attributes.iter().any(|(_, ty)| expands(ty)),
        ty => is_printed(ty),
    }
}

/// Returns the type of the elements of an array of any number of dimensions.
pub(super) fn innermost(item: &PgType) -> &PgType {
    match item {
        PgType::Array(item) => innermost(item),
        item => item,
    }
}

/// Returns whether a type travels as text that is printed here.
pub(super) fn is_printed(ty: &PgType) -> bool {
    matches!(
        ty.base(),
        PgType::InternalChar
            | PgType::Timetz
            | PgType::Inet
            | PgType::Cidr
            | PgType::Macaddr
            | PgType::Macaddr8
            | PgType::Bit(_)
            | PgType::Varbit(_)
            | PgType::PgLsn
            | PgType::Line
            | PgType::Lseg
            | PgType::Box
            | PgType::Path
            | PgType::Polygon
            | PgType::Circle
            | PgType::Tsvector
            | PgType::Tsquery
            | PgType::Range(..)
            | PgType::Multirange(..)
    )
}

fn sum(sizes: impl Iterator<Item = usize>) -> usize {
    sizes.fold(0, usize::saturating_add)
}
