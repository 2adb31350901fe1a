//! DuckDB's type names, read into a form that can be compared.

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
            "TIMESTAMPTZ" | "TIMESTAMP WITH TIME ZONE" => Self::Named("TIMESTAMP WITH TIME ZONE".into()),
            "VARCHAR" | "TEXT" | "STRING" | "CHAR" | "BPCHAR" => Self::Named("VARCHAR".into()),
            "BLOB" | "BYTEA" | "BINARY" | "VARBINARY" => Self::Named("BLOB".into()),
            "BOOLEAN" | "BOOL" | "LOGICAL" => Self::Named("BOOLEAN".into()),
            // The text as given: the labels of an ENUM and the fields of a STRUCT are case-sensitive.
            _ => Self::Named(if text.contains(['(', '\'', '"']) { text.to_owned() } else { upper }),
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
            // JSON is text with a promise; the other way round the promise would have to be checked.
            (Self::Named(text), Self::Named(json)) if text == "VARCHAR" && json == "JSON" => true,
            _ => self == other,
        }
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
        ] {
            assert_eq!(DuckType::read(ddl), DuckType::read(printed));
        }
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
        assert!(!holds("VARCHAR", "INTEGER") && !holds("JSON", "VARCHAR") && holds("VARCHAR", "JSON"));
    }
}
