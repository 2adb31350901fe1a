//! From a type's OID to what decides its encoding: domains and arrays resolved down to the types of the map.

use crate::quote::{Value, fill};
use crate::session;
use firn_catalog::{Numeric, PgType, TableName};
use firn_connector::{Error, ErrorKind, Result, Side};
use serde::Deserialize;
use sqlx::PgPool;
use std::collections::{BTreeSet, HashMap};

/// Returns a built-in type of the map by its OID, which `pg_type.dat` fixes for all versions.
fn built_in(oid: u32, typmod: i32) -> Option<PgType> {
    // The limit of varchar(n) and char(n) is stored with four bytes of header counted in.
    let limit = || u32::try_from(typmod - 4).ok().filter(|_| typmod >= 4);
    Some(match oid {
        16 => PgType::Bool,
        17 => PgType::Bytea,
        20 => PgType::Int8,
        21 => PgType::Int2,
        23 => PgType::Int4,
        25 => PgType::Text,
        114 => PgType::Json,
        700 => PgType::Float4,
        701 => PgType::Float8,
        1042 => PgType::Char(limit()),
        1043 => PgType::Varchar(limit()),
        1082 => PgType::Date,
        1083 => PgType::Time,
        1114 => PgType::Timestamp,
        1184 => PgType::Timestamptz,
        1700 => PgType::Numeric(Numeric::from_typmod(typmod)),
        2950 => PgType::Uuid,
        3802 => PgType::Jsonb,
        _ => return None,
    })
}

#[derive(Debug, Deserialize)]
struct TypeRow {
    oid: u32,
    schema: String,
    name: String,
    printed: String,
    kind: String,
    base: u32,
    typmod: i32,
    not_null: bool,
    element: Option<u32>,
}

/// The types of a server that are not built into the map, by OID.
#[derive(Debug, Default)]
pub(crate) struct TypeCatalog {
    rows: HashMap<u32, TypeRow>,
}

impl TypeCatalog {
    /// Asks the server about all of these types that are not built in; asks nothing where there are none.
    pub(crate) async fn load(pool: &PgPool, oids: impl IntoIterator<Item = u32>) -> Result<Self> {
        let unknown: BTreeSet<u32> = oids.into_iter().filter(|oid| built_in(*oid, -1).is_none()).collect();
        if unknown.is_empty() {
            return Ok(Self::default());
        }
        let list: Vec<String> = unknown.iter().map(u32::to_string).collect();
        let oids = format!("{{{}}}", list.join(","));
        let sql = fill(include_str!("../../../../sql/postgres/types.sql"), &[("oids", Value::Text(&oids))])?;
        let row = session::run_one(pool, Side::Source, sql).await?;
        let rows: Vec<TypeRow> = parse(session::column(&row, "types", Side::Source)?, Side::Source)?;
        Ok(Self { rows: rows.into_iter().map(|row| (row.oid, row)).collect() })
    }

    /// Resolves a type.
    pub(crate) fn resolve(&self, oid: u32, typmod: i32) -> PgType {
        if let Some(ty) = built_in(oid, typmod) {
            return ty;
        }
        let Some(row) = self.rows.get(&oid) else {
            return PgType::Other { oid, name: format!("the type with OID {oid}") };
        };
        let qualified = || TableName::new(&row.schema, &row.name).to_string();
        match (row.kind.as_str(), row.element) {
            ("e", _) => PgType::Enum(qualified()),
            ("d", _) => PgType::Domain(qualified(), Box::new(self.resolve(row.base, row.typmod))),
            (_, Some(element)) => PgType::Array(Box::new(self.resolve(element, typmod))),
            _ => PgType::Other { oid, name: row.printed.clone() },
        }
    }

    /// Returns whether a domain, or one below it, is declared NOT NULL.
    pub(crate) fn not_null(&self, oid: u32) -> bool {
        self.rows.get(&oid).is_some_and(|row| row.kind == "d" && (row.not_null || self.not_null(row.base)))
    }
}

/// Reads the JSON a query returned.
pub(crate) fn parse<T: serde::de::DeserializeOwned>(text: &str, side: Side) -> Result<T> {
    serde_json::from_str(text).map_err(|cause| {
        Error::new(side, ErrorKind::Other, "an answer of PostgreSQL could not be understood").caused_by(cause)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_leave_out_the_header() {
        assert_eq!(built_in(1043, 7), Some(PgType::Varchar(Some(3))));
        assert_eq!(built_in(1042, -1), Some(PgType::Char(None)));
        assert_eq!(built_in(1700, -1), Some(PgType::Numeric(None)));
        assert_eq!(built_in(600, -1), None);
    }
}
