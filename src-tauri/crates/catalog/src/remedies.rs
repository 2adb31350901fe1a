//! What a transform can do about values that a target cannot hold, by the reason for which their rows are rejected.
//!
//! A remedy is an ordinary transform in the document, as a cast is. It never runs by itself: somebody chooses it, and
//! may write it otherwise.

use crate::pgtype::PgType;

/// How a remedy is written in the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RemedyForm {
    /// NULL in the place of these values.
    NullFor(&'static [&'static str]),
    /// NULL in the place of moments from this one on; infinite ones stay.
    NullFrom(&'static str),
    /// NULL in the place of arrays of several dimensions.
    NullUnlessList,
    /// The array with its first element at index 1.
    FromOne,
    /// The value as text.
    Text,
    /// The value as JSON.
    Json,
    /// The first characters of its text.
    Left(u32),
    /// Its bytes, read as text of this encoding.
    Decoded(&'static str),
}

/// A transform that settles why rows are rejected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remedy {
    /// How it is written.
    pub form: RemedyForm,
    /// What becomes of the values in the target, as a sentence.
    pub outcome: &'static str,
}

/// The first moment that a count of microseconds in 64 bits does not hold, less some days.
const PAST_THE_LAST_MOMENT: &str = "294247-01-01";

/// Characters that are kept of a text beyond what a batch holds.
const KEPT_CHARACTERS: u32 = 1_000_000;

/// Returns what settles a reason in a column of this type, the one that leaves the target's type as it is first; nothing
/// where no transform of the column helps.
#[must_use]
pub fn remedies(code: &str, ty: &PgType) -> Vec<Remedy> {
    let one = |form, outcome| Remedy { form, outcome };
    let null = "these values become NULL in the target";
    let json = one(RemedyForm::Json, "every value becomes JSON in the target");
    let text = one(RemedyForm::Text, "every value becomes its text in the target");
    match (code, ty) {
        ("numeric_nan", PgType::Numeric(_)) => vec![one(RemedyForm::NullFor(&["NaN"]), null), text],
        ("numeric_infinity", PgType::Numeric(_)) => {
            vec![one(RemedyForm::NullFor(&["Infinity", "-Infinity"]), null), text]
        }
        ("timestamp_range", PgType::Timestamp | PgType::Timestamptz) => {
            vec![one(RemedyForm::NullFrom(PAST_THE_LAST_MOMENT), null), text]
        }
        ("numeric_nan" | "numeric_infinity" | "numeric_range" | "timestamp_range" | "interval_range", _) => vec![text],
        // What an expression makes of an array has one dimension, as far as anybody knows before it runs.
        ("array_dimensions", PgType::Array(item)) if !matches!(**item, PgType::Array(_)) => {
            vec![one(RemedyForm::NullUnlessList, null), json]
        }
        ("array_lower_bound", PgType::Array(item)) if !matches!(**item, PgType::Array(_)) => {
            vec![one(RemedyForm::FromOne, "the elements stay, and the first one stands at index 1"), json]
        }
        ("array_dimensions" | "array_lower_bound", _) => vec![json, text],
        ("invalid_utf8", _) => {
            vec![one(
                RemedyForm::Decoded("LATIN1"),
                "every value is read as text of this encoding, if it is the right one",
            )]
        }
        ("value_too_large", _) => {
            vec![one(RemedyForm::Left(KEPT_CHARACTERS), "longer values lose their end in the target")]
        }
        _ => Vec::new(),
    }
}

/// Returns whether a transform settles a reason, whatever the column's type.
#[must_use]
pub fn is_settled_by_a_transform(code: &str) -> bool {
    !remedies(code, &PgType::Text).is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pgtype::Numeric;

    fn forms(code: &str, ty: &PgType) -> Vec<RemedyForm> {
        remedies(code, ty).into_iter().map(|remedy| remedy.form).collect()
    }

    #[test]
    fn a_number_that_is_none_becomes_null_before_a_column_becomes_text() {
        let price = PgType::Numeric(Some(Numeric { precision: 12, scale: 2 }));
        assert_eq!(forms("numeric_nan", &price), [RemedyForm::NullFor(&["NaN"]), RemedyForm::Text]);
        let infinite = RemedyForm::NullFor(&["Infinity", "-Infinity"]);
        assert_eq!(forms("numeric_infinity", &price), [infinite, RemedyForm::Text]);
    }

    #[test]
    fn values_within_values_are_not_compared_as_a_whole() {
        let prices = PgType::Array(Box::new(PgType::Numeric(None)));
        assert_eq!(forms("numeric_nan", &prices), [RemedyForm::Text]);
    }

    #[test]
    fn arrays_keep_their_type_where_that_is_possible() {
        let list = PgType::Array(Box::new(PgType::Int4));
        let grid = PgType::Array(Box::new(list.clone()));
        assert_eq!(forms("array_dimensions", &list)[0], RemedyForm::NullUnlessList);
        assert_eq!(forms("array_lower_bound", &list)[0], RemedyForm::FromOne);
        assert_eq!(forms("array_lower_bound", &grid), [RemedyForm::Json, RemedyForm::Text]);
    }

    #[test]
    fn no_transform_gives_a_row_a_key_or_settles_what_the_target_refuses() {
        for code in ["null_key", "target_refused", "", "anything"] {
            assert!(!is_settled_by_a_transform(code), "{code}");
        }
        assert!(is_settled_by_a_transform("timestamp_range"));
    }
}
