//! Casts that a source can carry out on a column before it travels, each with what it does to the values.
//!
//! A cast is an ordinary transform in the document; this table is what makes its verdict true. Without it a column cast
//! from `numeric` to `numeric(38,9)` would pass for exact, because `numeric(38,9)` arrives as it is.

use crate::pgtype::{Numeric, PgType};
use crate::typemap::{Dialect, Verdict, plan_column};

/// How a cast is written in the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CastForm {
    /// To this type.
    To(String),
    /// Between a moment and the wall clock of UTC, whichever of the two the column is not.
    AtUtc,
    /// To the day that a moment falls on in UTC.
    UtcDay,
}

impl CastForm {
    /// Returns the form as a short text that [`CastForm::parse`] reads.
    #[must_use]
    pub fn word(&self) -> String {
        match self {
            Self::To(ty) => format!("to {ty}"),
            Self::AtUtc => "at utc".to_owned(),
            Self::UtcDay => "utc day".to_owned(),
        }
    }

    /// Reads a form; a type is taken only if it is spelled as one of this table's, since it becomes part of a statement.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "at utc" => Some(Self::AtUtc),
            "utc day" => Some(Self::UtcDay),
            _ => {
                let ty = word.strip_prefix("to ")?;
                let (name, size) = match ty.split_once('(') {
                    None => (ty, ""),
                    Some((name, size)) => (name, size.strip_suffix(')')?),
                };
                let named = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b' ');
                let sized = size.bytes().all(|byte| byte.is_ascii_digit() || byte == b',');
                (named && sized).then(|| Self::To(ty.to_owned()))
            }
        }
    }
}

/// A type that a column can be brought to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cast {
    /// The type in the target.
    pub ddl: String,
    /// How the source gets there.
    pub form: CastForm,
    /// What happens to the values on the whole way, from the column to the target.
    pub verdict: Verdict,
    /// What is lost, or what stops the table.
    pub note: String,
}

/// Returns what a column of this type can be cast to for a target, the most faithful first. The type in which it travels
/// anyway is not among them.
#[must_use]
pub fn casts(ty: &PgType, dialect: Dialect) -> Vec<Cast> {
    use Verdict::{AsText, Exact, Lossy, Widens};
    let to = |ddl: &str, sql: &str, verdict, note: &str| Cast {
        ddl: ddl.to_owned(),
        form: CastForm::To(sql.to_owned()),
        verdict,
        note: note.to_owned(),
    };
    let at = |ddl: &str, form, note: &str| Cast { ddl: ddl.to_owned(), form, verdict: Lossy, note: note.to_owned() };
    let about_15 = "about 15 significant digits are kept";
    let mut found = match ty.base() {
        PgType::Bool => vec![to("INTEGER", "integer", Widens, "false is 0, true is 1")],
        PgType::Int2 => {
            vec![to("INTEGER", "integer", Widens, ""), to("BIGINT", "bigint", Widens, ""), double(Widens, "")]
        }
        PgType::Int4 => vec![to("BIGINT", "bigint", Widens, ""), double(Widens, "")],
        PgType::Int8 => vec![
            to("DECIMAL(38,0)", "numeric(38,0)", Widens, ""),
            double(Lossy, "beyond ±9,007,199,254,740,992 the last digits are rounded"),
        ],
        PgType::Float4 => vec![double(Widens, "")],
        PgType::Numeric(size) => match size.and_then(Numeric::decimal128) {
            Some((precision, scale)) => {
                let mut found = Vec::new();
                if precision < 38 {
                    let (ddl, sql) = (format!("DECIMAL(38,{scale})"), format!("numeric(38,{scale})"));
                    found.push(to(&ddl, &sql, Widens, ""));
                }
                if scale == 0 && precision <= 18 {
                    found.push(to("BIGINT", "bigint", Exact, "NaN stops the table"));
                }
                found.push(double(Lossy, about_15));
                found
            }
            None => {
                let rounded = "digits after the 9th are rounded; a value of 10^29 or more stops the table";
                let beyond = format!("{about_15}; a value beyond 1.8 × 10^308 stops the table");
                vec![to("DECIMAL(38,9)", "numeric(38,9)", Lossy, rounded), double(Lossy, &beyond)]
            }
        },
        PgType::Timestamp => vec![
            at("TIMESTAMPTZ", CastForm::AtUtc, "its wall clock is taken for that of UTC"),
            at("DATE", CastForm::To("date".to_owned()), "the time of day is lost"),
        ],
        PgType::Timestamptz => vec![
            at("TIMESTAMP", CastForm::AtUtc, "the wall clock of UTC; that it is a moment is lost"),
            at("DATE", CastForm::UtcDay, "the time of day is lost; the day is that of UTC"),
        ],
        _ => Vec::new(),
    };
    let own = plan_column(ty, dialect);
    if own.ddl != "VARCHAR" {
        found.push(to("VARCHAR", "text", AsText, "its text, as PostgreSQL writes it"));
    }
    found
}

fn double(verdict: Verdict, note: &str) -> Cast {
    Cast { ddl: "DOUBLE".to_owned(), form: CastForm::To("double precision".to_owned()), verdict, note: note.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(ty: &PgType) -> Vec<(String, Verdict)> {
        casts(ty, Dialect::Duckdb).into_iter().map(|cast| (cast.ddl, cast.verdict)).collect()
    }

    #[test]
    fn what_loses_digits_says_so() {
        let money = PgType::Numeric(Some(Numeric { precision: 18, scale: 4 }));
        assert_eq!(
            offered(&money),
            [
                ("DECIMAL(38,4)".to_owned(), Verdict::Widens),
                ("DOUBLE".to_owned(), Verdict::Lossy),
                ("VARCHAR".to_owned(), Verdict::AsText)
            ]
        );
        assert!(offered(&PgType::Int8).contains(&("DOUBLE".to_owned(), Verdict::Lossy)));
        assert!(offered(&PgType::Int4).contains(&("DOUBLE".to_owned(), Verdict::Widens)));
        for cast in casts(&PgType::Numeric(None), Dialect::Duckdb) {
            assert_eq!(cast.verdict, Verdict::Lossy, "{cast:?}");
            assert!(!cast.note.is_empty());
        }
    }

    #[test]
    fn a_column_is_not_offered_the_type_it_has() {
        for ty in [PgType::Bool, PgType::Int8, PgType::Float8, PgType::Text, PgType::Timestamptz, PgType::Uuid] {
            let own = plan_column(&ty, Dialect::Duckdb).ddl;
            assert!(offered(&ty).iter().all(|(ddl, _)| *ddl != own), "{ty}");
        }
        assert!(offered(&PgType::Text).is_empty());
        let unknown = PgType::Other { oid: 5038, name: "pg_snapshot".into() };
        assert_eq!(offered(&unknown), [("VARCHAR".to_owned(), Verdict::AsText)]);
    }

    #[test]
    fn a_form_is_read_back_and_nothing_else_is() {
        let types = [PgType::Int4, PgType::Numeric(None), PgType::Timestamp, PgType::Timestamptz, PgType::Uuid];
        for cast in types.iter().flat_map(|ty| casts(ty, Dialect::Duckdb)) {
            assert_eq!(CastForm::parse(&cast.form.word()), Some(cast.form));
        }
        for word in ["", "to ", "text", "to text; drop table t", "to numeric(38", "to text)--", "to \"x\""] {
            assert_eq!(CastForm::parse(word), None, "{word}");
        }
    }

    #[test]
    fn every_type_that_is_named_is_one_that_travels() {
        for ty in [PgType::Bool, PgType::Int2, PgType::Int4, PgType::Int8, PgType::Numeric(None), PgType::Timestamp] {
            for cast in casts(&ty, Dialect::Duckdb) {
                let CastForm::To(sql) = &cast.form else { continue };
                let result = match sql.as_str() {
                    "integer" => PgType::Int4,
                    "bigint" => PgType::Int8,
                    "double precision" => PgType::Float8,
                    "numeric(38,0)" => PgType::Numeric(Some(Numeric { precision: 38, scale: 0 })),
                    "numeric(38,9)" => PgType::Numeric(Some(Numeric { precision: 38, scale: 9 })),
                    "date" => PgType::Date,
                    "text" => PgType::Text,
                    other => panic!("{other}"),
                };
                assert_eq!(plan_column(&result, Dialect::Duckdb).ddl, cast.ddl, "{ty}");
            }
        }
    }
}
