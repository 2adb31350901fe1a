//! From a type's OID to what decides its encoding: domains and arrays resolved down to the types of the map.

use crate::decode::MOST_DIMENSIONS;
use crate::encode::Oids;
use crate::quote::{Value, fill};
use crate::session;
use crate::transaction::PgTransaction;
use firn_catalog::{Numeric, PgType, TableName};
use firn_connector::{Error, ErrorKind, Result, Side};
use serde::Deserialize;
use sqlx::PgPool;
use sqlx::postgres::PgRow;
use std::collections::{BTreeSet, HashMap};

/// Returns a built-in type of the map by its OID, which `pg_type.dat` fixes for all versions.
fn built_in(oid: u32, typmod: i32) -> Option<PgType> {
    // The limit of varchar(n) and char(n) is stored with four bytes of header counted in.
    let limit = || u32::try_from(typmod - 4).ok().filter(|_| typmod >= 4);
    let bits = || u32::try_from(typmod).ok();
    Some(match oid {
        16 => PgType::Bool,
        17 => PgType::Bytea,
        18 => PgType::InternalChar,
        19 => PgType::Name,
        20 => PgType::Int8,
        21 => PgType::Int2,
        23 => PgType::Int4,
        25 => PgType::Text,
        26 => PgType::Oid,
        114 => PgType::Json,
        142 => PgType::Xml,
        600 => PgType::Point,
        601 => PgType::Lseg,
        602 => PgType::Path,
        603 => PgType::Box,
        604 => PgType::Polygon,
        628 => PgType::Line,
        650 => PgType::Cidr,
        700 => PgType::Float4,
        701 => PgType::Float8,
        718 => PgType::Circle,
        774 => PgType::Macaddr8,
        829 => PgType::Macaddr,
        869 => PgType::Inet,
        1042 => PgType::Char(limit()),
        1043 => PgType::Varchar(limit()),
        1082 => PgType::Date,
        1083 => PgType::Time,
        1114 => PgType::Timestamp,
        1184 => PgType::Timestamptz,
        1186 => PgType::Interval,
        1266 => PgType::Timetz,
        1560 => PgType::Bit(bits()),
        1562 => PgType::Varbit(bits()),
        1700 => PgType::Numeric(Numeric::from_typmod(typmod)),
        2950 => PgType::Uuid,
        3220 => PgType::PgLsn,
        3614 => PgType::Tsvector,
        3615 => PgType::Tsquery,
        3802 => PgType::Jsonb,
        4072 => PgType::Jsonpath,
        _ => return registered(oid).map(|name| PgType::Registered(name.to_owned())),
    })
}

/// Returns the name of a built-in type whose values are OIDs of objects in the catalog.
fn registered(oid: u32) -> Option<&'static str> {
    Some(match oid {
        24 => "regproc",
        2202 => "regprocedure",
        2203 => "regoper",
        2204 => "regoperator",
        2205 => "regclass",
        2206 => "regtype",
        3734 => "regconfig",
        3769 => "regdictionary",
        4089 => "regnamespace",
        4096 => "regrole",
        4191 => "regcollation",
        _ => return None,
    })
}

/// `money` in `pg_type`.
const MONEY: u32 = 790;
/// Types inside each other beyond which a type is refused; no server nests so deep.
const DEEPEST: u32 = 32;

#[derive(Debug, Deserialize)]
struct TypeRow {
    oid: u32,
    schema: String,
    name: String,
    printed: String,
    kind: String,
    base: u32,
    typmod: i32,
    dimensions: i32,
    not_null: bool,
    element: Option<u32>,
    bound: Option<u32>,
    attributes: Option<Vec<AttributeRow>>,
    extension: Option<String>,
}

#[derive(Debug, Deserialize)]
struct AttributeRow {
    name: String,
    #[serde(rename = "type")]
    oid: u32,
    typmod: i32,
    dimensions: i32,
}

/// The types of a server that are not built into the map, by OID.
#[derive(Debug, Default)]
pub(crate) struct TypeCatalog {
    rows: HashMap<u32, TypeRow>,
    /// Digits after the point of `money`, where it was asked about.
    money_digits: Option<u8>,
}

impl TypeCatalog {
    /// Asks the server about all of these types that are not built in; asks nothing where there are none.
    pub(crate) async fn load(pool: &PgPool, oids: impl IntoIterator<Item = u32>) -> Result<Self> {
        match question(oids)? {
            Some(sql) => Self::read(&session::run_one(pool, Side::Source, sql).await?, Side::Source),
            None => Ok(Self::default()),
        }
    }

    /// Asks inside a transaction, which may have made types of its own.
    pub(crate) async fn load_in(transaction: &mut PgTransaction, oids: impl IntoIterator<Item = u32>) -> Result<Self> {
        let side = transaction.side();
        match question(oids)? {
            Some(sql) => match transaction.run(sql).await?.pop() {
                Some(row) => Self::read(&row, side),
                None => Err(crate::error::from_sqlx(sqlx::Error::RowNotFound, side)),
            },
            None => Ok(Self::default()),
        }
    }

    fn read(row: &PgRow, side: Side) -> Result<Self> {
        let rows: Vec<TypeRow> = parse(session::column(row, "types", side)?, side)?;
        let digits: Option<i32> = session::column(row, "money_digits", side)?;
        Ok(Self {
            rows: rows.into_iter().map(|row| (row.oid, row)).collect(),
            money_digits: digits.and_then(|digits| u8::try_from(digits).ok()),
        })
    }

    /// Returns the OIDs that arrays and composite values name, under the names that [`PgType`] has.
    pub(crate) fn oids(&self) -> Oids {
        let mut oids = Oids::default();
        for row in self.rows.values() {
            match row.element {
                Some(element) => oids.insert_array(element, row.oid),
                None if row.extension.is_some() => oids.insert(&row.name, row.oid),
                None => {}
            }
            oids.insert(TableName::new(&row.schema, &row.name).to_string(), row.oid);
        }
        oids
    }

    /// Resolves a type. `dimensions` is what a column was declared with: 2 for `int[][]`, 0 where nobody knows.
    pub(crate) fn resolve(&self, oid: u32, typmod: i32, dimensions: i32) -> PgType {
        self.resolve_below(oid, typmod, dimensions, 0)
    }

    fn resolve_below(&self, oid: u32, typmod: i32, dimensions: i32, depth: u32) -> PgType {
        if let Some(ty) = built_in(oid, typmod) {
            return ty;
        }
        if let (MONEY, Some(digits)) = (oid, self.money_digits) {
            return PgType::Money(digits);
        }
        let Some(row) = self.rows.get(&oid).filter(|_| depth < DEEPEST) else {
            return PgType::Other { oid, name: format!("the type with OID {oid}") };
        };
        let below = |oid, typmod, dimensions| self.resolve_below(oid, typmod, dimensions, depth + 1);
        let qualified = || TableName::new(&row.schema, &row.name).to_string();
        match (row.kind.as_str(), row.element, row.bound) {
            ("e", ..) => PgType::Enum(qualified()),
            ("d", ..) => PgType::Domain(qualified(), Box::new(below(row.base, row.typmod, row.dimensions))),
            ("r", _, Some(bound)) => PgType::Range(qualified(), Box::new(below(bound, -1, 0))),
            ("m", _, Some(bound)) => PgType::Multirange(qualified(), Box::new(below(bound, -1, 0))),
            ("c", ..) => {
                let attributes = row.attributes.iter().flatten();
                let resolved = attributes.map(|a| (a.name.clone(), below(a.oid, a.typmod, a.dimensions)));
                PgType::Composite(qualified(), resolved.collect())
            }
            (_, Some(element), _) => {
                let item = below(element, typmod, 0);
                (0..dimensions.clamp(1, MOST_DIMENSIONS)).fold(item, |item, _| PgType::Array(Box::new(item)))
            }
            _ => extension_type(row, typmod).unwrap_or_else(|| PgType::Other { oid, name: row.printed.clone() }),
        }
    }

    /// Returns whether a domain, or one below it, is declared NOT NULL.
    pub(crate) fn not_null(&self, oid: u32) -> bool {
        self.rows.get(&oid).is_some_and(|row| row.kind == "d" && (row.not_null || self.not_null(row.base)))
    }
}

/// Returns the statement that asks about types that are not built in; `None` where there are none.
fn question(oids: impl IntoIterator<Item = u32>) -> Result<Option<String>> {
    let unknown: BTreeSet<u32> = oids.into_iter().filter(|oid| built_in(*oid, -1).is_none()).collect();
    if unknown.is_empty() {
        return Ok(None);
    }
    let list: Vec<String> = unknown.iter().map(u32::to_string).collect();
    let oids = format!("{{{}}}", list.join(","));
    fill(include_str!("../../../../sql/postgres/types.sql"), &[("oids", Value::Text(&oids))]).map(Some)
}

/// Reads the JSON a query returned.
pub(crate) fn parse<T: serde::de::DeserializeOwned>(text: &str, side: Side) -> Result<T> {
    serde_json::from_str(text).map_err(|cause| {
        Error::new(side, ErrorKind::Other, "an answer of PostgreSQL could not be understood").caused_by(cause)
    })
}

/// Returns a type of the map that an extension brings. The name alone would not do: anybody may call a type `vector`.
fn extension_type(row: &TypeRow, typmod: i32) -> Option<PgType> {
    let size = u32::try_from(typmod).ok();
    Some(match (row.extension.as_deref()?, row.name.as_str()) {
        ("citext", "citext") => PgType::Citext,
        ("hstore", "hstore") => PgType::Hstore,
        ("ltree", "ltree") => PgType::Ltree,
        ("ltree", "lquery") => PgType::Lquery,
        ("ltree", "ltxtquery") => PgType::Ltxtquery,
        ("postgis", "geometry") => PgType::Geometry,
        ("postgis", "geography") => PgType::Geography,
        ("vector", "vector") => PgType::Vector(size),
        ("vector", "halfvec") => PgType::Halfvec(size),
        _ => return None,
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
        assert_eq!(built_in(1560, 5), Some(PgType::Bit(Some(5))));
        assert_eq!(built_in(2205, -1), Some(PgType::Registered("regclass".into())));
        assert_eq!(built_in(5038, -1), None);
    }
}
