//! DuckDB's type names, read into a form that can be compared.

use crate::quote;

/// A DuckDB type as far as Firn tells types apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DuckType {
    /// A signed integer of 1, 2, 4, 8 or 16 bytes.
    Integer(u8),
    /// A binary float of 4 or 8 bytes.
    Float(u8),
    /// A decimal with digits and digits after the point.
    Decimal(u8, u8),
    /// A list of any length.
    List(Box<DuckType>),
    /// A list of one length.
    Array(Box<DuckType>, u32),
    /// A map from one type to another.
    Map(Box<DuckType>, Box<DuckType>),
    /// Named fields in order.
    Struct(Vec<(String, DuckType)>),
    /// Any other type, by the name DuckDB prints.
    Named(String),
}

impl DuckType {
    /// Reads a type as DDL or as DuckDB prints it.
    pub(crate) fn read(text: &str) -> Self {
        let text = text.trim();
        if let Some(item) = text.strip_suffix("[]") {
            return Self::List(Box::new(Self::read(item)));
        }
        if let Some((item, size)) = sized(text) {
            return Self::Array(Box::new(Self::read(item)), size);
        }
        if let Some(ty) = Self::read_parts(text) {
            return ty;
        }
        let upper = text.to_ascii_uppercase();
        if let Some((digits, scale)) = decimal(&upper) {
            return Self::Decimal(digits, scale);
        }
        match upper.as_str() {
            "TINYINT" | "INT1" => Self::Integer(1),
            "SMALLINT" | "INT2" | "SHORT" => Self::Integer(2),
            "INTEGER" | "INT4" | "INT" | "SIGNED" => Self::Integer(4),
            "BIGINT" | "INT8" | "LONG" => Self::Integer(8),
            "HUGEINT" | "INT128" => Self::Integer(16),
            "FLOAT" | "FLOAT4" | "REAL" => Self::Float(4),
            "DOUBLE" | "FLOAT8" | "DOUBLE PRECISION" => Self::Float(8),
            "TIMESTAMP" | "DATETIME" | "TIMESTAMP WITHOUT TIME ZONE" => Self::Named("TIMESTAMP".into()),
            "TIMETZ" | "TIME WITH TIME ZONE" => Self::Named("TIME WITH TIME ZONE".into()),
            "UINTEGER" | "UINT32" => Self::Named("UINTEGER".into()),
            "TIMESTAMPTZ" | "TIMESTAMP WITH TIME ZONE" => Self::Named("TIMESTAMP WITH TIME ZONE".into()),
            "VARCHAR" | "TEXT" | "STRING" | "CHAR" | "BPCHAR" => Self::Named("VARCHAR".into()),
            "BLOB" | "BYTEA" | "BINARY" | "VARBINARY" => Self::Named("BLOB".into()),
            "BOOLEAN" | "BOOL" | "LOGICAL" => Self::Named("BOOLEAN".into()),
            // The text as given: the labels of an ENUM and the fields of a STRUCT are case-sensitive.
            _ => Self::Named(if text.contains(['(', '\'', '"']) { text.to_owned() } else { upper }),
        }
    }

    /// Writes the type as DDL.
    pub(crate) fn ddl(&self) -> String {
        match self {
            Self::Integer(bytes) => match bytes {
                1 => "TINYINT",
                2 => "SMALLINT",
                4 => "INTEGER",
                8 => "BIGINT",
                _ => "HUGEINT",
            }
            .to_owned(),
            Self::Float(bytes) => if *bytes == 4 { "FLOAT" } else { "DOUBLE" }.to_owned(),
            Self::Decimal(digits, scale) => format!("DECIMAL({digits},{scale})"),
            Self::List(item) => format!("{}[]", item.ddl()),
            Self::Array(item, size) => format!("{}[{size}]", item.ddl()),
            Self::Map(key, value) => format!("MAP({}, {})", key.ddl(), value.ddl()),
            Self::Struct(fields) => {
                let fields = fields.iter().map(|(name, ty)| format!("{} {}", quote::identifier(name), ty.ddl()));
                format!("STRUCT({})", fields.collect::<Vec<_>>().join(", "))
            }
            Self::Named(name) => name.clone(),
        }
    }

    /// Reads a struct or a map; `None` where the text is neither.
    fn read_parts(text: &str) -> Option<Self> {
        let (name, rest) = text.split_once('(')?;
        let inner = rest.strip_suffix(')')?;
        match name.trim().to_ascii_uppercase().as_str() {
            "MAP" => match split(inner, ',').as_slice() {
                [key, value] => Some(Self::Map(Box::new(Self::read(key)), Box::new(Self::read(value)))),
                _ => None,
            },
            "STRUCT" => {
                let fields = split(inner, ',').into_iter().map(|field| match split(field.trim(), ' ').as_slice() {
                    [name, ..] => Some((unquoted(name), Self::read(field.trim().strip_prefix(name)?))),
                    [] => None,
                });
                fields.collect::<Option<Vec<_>>>().map(Self::Struct)
            }
            _ => None,
        }
    }

    /// Returns whether every value of `other` is a value of this type and reads the same.
    pub(crate) fn holds(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Integer(wide), Self::Integer(narrow)) | (Self::Float(wide), Self::Float(narrow)) => wide >= narrow,
            (Self::Decimal(digits, scale), Self::Decimal(other_digits, other_scale)) => {
                scale >= other_scale && digits.saturating_sub(*scale) >= other_digits.saturating_sub(*other_scale)
            }
            (Self::Decimal(digits, scale), Self::Integer(bytes)) => {
                let needed = match bytes {
                    1 => 3,
                    2 => 5,
                    4 => 10,
                    8 => 19,
                    _ => 39,
                };
                digits.saturating_sub(*scale) >= needed
            }
            (Self::List(item), Self::List(other_item)) => item.holds(other_item),
            (Self::Array(item, size), Self::Array(other_item, other_size)) => {
                size == other_size && item.holds(other_item)
            }
            // A wider key could make two keys of one.
            (Self::Map(key, value), Self::Map(other_key, other_value)) => key == other_key && value.holds(other_value),
            (Self::Struct(fields), Self::Struct(others)) => {
                let holds = |((name, ty), (other_name, other)): (&(String, Self), &(String, Self))| {
                    name.eq_ignore_ascii_case(other_name) && ty.holds(other)
                };
                fields.len() == others.len() && fields.iter().zip(others).all(holds)
            }
            // JSON is text with a promise; the other way round the promise would have to be checked.
            (Self::Named(text), Self::Named(json)) if text == "VARCHAR" && json == "JSON" => true,
            _ => self == other,
        }
    }
}

/// Splits a list of one length into its item and its length.
fn sized(text: &str) -> Option<(&str, u32)> {
    let (item, size) = text.strip_suffix(']')?.rsplit_once('[')?;
    Some((item, size.trim().parse().ok()?))
}

/// Splits at a separator outside of quotes and parentheses.
fn split(text: &str, separator: char) -> Vec<&str> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0_u32);
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            // A doubled quote ends the quotes and begins them anew.
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '(') => depth += 1,
            (None, ')') => depth = depth.saturating_sub(1),
            (None, c) if c == separator && depth == 0 => {
                parts.extend(text.get(start..at));
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.extend(text.get(start..));
    parts
}

fn unquoted(name: &str) -> String {
    match name.strip_prefix('"').and_then(|name| name.strip_suffix('"')) {
        Some(inner) => inner.replace("\"\"", "\""),
        None => name.to_owned(),
    }
}

fn decimal(upper: &str) -> Option<(u8, u8)> {
    let rest = upper.strip_prefix("DECIMAL").or_else(|| upper.strip_prefix("NUMERIC"))?;
    if rest.is_empty() {
        return Some((18, 3));
    }
    let inner = rest.trim().strip_prefix('(')?.strip_suffix(')')?;
    let (digits, scale) = inner.split_once(',').unwrap_or((inner, "0"));
    Some((digits.trim().parse().ok()?, scale.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(wide: &str, narrow: &str) -> bool {
        DuckType::read(wide).holds(&DuckType::read(narrow))
    }

    #[test]
    fn ddl_and_printed_names_are_one_type() {
        for (ddl, printed) in [
            ("TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE"),
            ("DECIMAL(12,2)", "DECIMAL(12, 2)"),
            ("UUID[]", "uuid[]"),
            ("TEXT", "VARCHAR"),
            ("TIMETZ[]", "TIME WITH TIME ZONE[]"),
            ("MAP(VARCHAR, DECIMAL(4,1))", "MAP(VARCHAR, DECIMAL(4,1))"),
            ("FLOAT[3]", "FLOAT[3]"),
            (
                "STRUCT(\"n\" INTEGER, \"two, words)\" TIMESTAMPTZ[], \"q\"\"\" STRUCT(\"x\" JSON))",
                "STRUCT(n INTEGER, \"two, words)\" TIMESTAMP WITH TIME ZONE[], \"q\"\"\" STRUCT(x JSON))",
            ),
        ] {
            let ty = DuckType::read(ddl);
            assert_eq!(ty, DuckType::read(printed));
            assert_eq!(ty, DuckType::read(&ty.ddl()));
        }
        let parts = ["n", "two, words)", "q\""];
        let DuckType::Struct(fields) = DuckType::read("STRUCT(n INTEGER, \"two, words)\" DATE, \"q\"\"\" DATE)") else {
            panic!("no struct")
        };
        assert!(fields.iter().map(|(name, _)| name.as_str()).eq(parts));
        assert_ne!(DuckType::read("ENUM('a')"), DuckType::read("ENUM('A')"));
    }

    #[test]
    fn widening_is_what_loses_nothing() {
        assert!(holds("BIGINT", "SMALLINT") && !holds("SMALLINT", "BIGINT"));
        assert!(holds("DOUBLE", "FLOAT") && !holds("FLOAT", "DOUBLE") && !holds("DOUBLE", "INTEGER"));
        assert!(holds("DECIMAL(14,4)", "DECIMAL(12,2)") && !holds("DECIMAL(13,4)", "DECIMAL(12,2)"));
        assert!(!holds("DECIMAL(20,1)", "DECIMAL(12,2)"));
        assert!(holds("DECIMAL(19,0)", "BIGINT") && !holds("DECIMAL(18,0)", "BIGINT"));
        assert!(holds("BIGINT[]", "INTEGER[]") && !holds("BIGINT", "INTEGER[]"));
        assert!(holds("STRUCT(a BIGINT, b DATE)", "STRUCT(A INTEGER, b DATE)"));
        assert!(
            !holds("STRUCT(a BIGINT)", "STRUCT(b BIGINT)") && !holds("STRUCT(a BIGINT)", "STRUCT(a BIGINT, b DATE)")
        );
        assert!(!holds("FLOAT[3]", "FLOAT[4]") && !holds("FLOAT[3]", "FLOAT[]") && holds("BIGINT[][]", "INTEGER[][]"));
        assert!(holds("MAP(VARCHAR, BIGINT)", "MAP(VARCHAR, INTEGER)"));
        assert!(!holds("VARCHAR", "INTEGER") && !holds("JSON", "VARCHAR") && holds("VARCHAR", "JSON"));
    }
}
