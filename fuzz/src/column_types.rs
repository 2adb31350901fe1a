//! The column types that the targets choose from.

use firn_catalog::{Numeric, PgType};
use firn_postgres::encode::Oids;

fn list(item: PgType) -> PgType {
    PgType::Array(Box::new(item))
}

fn decimal(precision: u16, scale: i16) -> PgType {
    PgType::Numeric(Some(Numeric { precision, scale }))
}

/// Every kind of column. Seeds name them by their place: new ones go to the end.
pub fn column_types() -> Vec<PgType> {
    vec![
        PgType::Int8,
        PgType::Bool,
        PgType::Int2,
        PgType::Int4,
        PgType::Float4,
        PgType::Float8,
        decimal(12, 2),
        decimal(38, 0),
        decimal(38, 38),
        decimal(5, -2),
        PgType::Numeric(None),
        PgType::Text,
        PgType::Char(Some(8)),
        PgType::Bytea,
        PgType::Date,
        PgType::Time,
        PgType::Timestamp,
        PgType::Timestamptz,
        PgType::Uuid,
        PgType::Json,
        PgType::Jsonb,
        PgType::Enum("public.mood".to_owned()),
        PgType::Domain("public.cents".to_owned(), Box::new(decimal(10, 2))),
        list(PgType::Int4),
        list(PgType::Text),
        list(PgType::Bool),
        list(PgType::Numeric(None)),
        list(decimal(8, 3)),
        list(PgType::Timestamptz),
        list(PgType::Jsonb),
        list(PgType::Uuid),
        PgType::Citext,
        PgType::Name,
        PgType::InternalChar,
        PgType::Timetz,
        PgType::Interval,
        PgType::Inet,
        PgType::Cidr,
        PgType::Macaddr,
        PgType::Macaddr8,
        PgType::Bit(Some(12)),
        PgType::Varbit(None),
        PgType::Xml,
        PgType::Ltree,
        PgType::Lquery,
        PgType::Tsvector,
        PgType::Tsquery,
        PgType::Jsonpath,
        PgType::PgLsn,
        PgType::Hstore,
        PgType::Range("int4range".to_owned(), Box::new(PgType::Int4)),
        PgType::Range("numrange".to_owned(), Box::new(PgType::Numeric(None))),
        PgType::Range("public.textrange".to_owned(), Box::new(PgType::Text)),
        PgType::Multirange("tstzmultirange".to_owned(), Box::new(PgType::Timestamptz)),
        PgType::Money(2),
        PgType::Point,
        PgType::Line,
        PgType::Lseg,
        PgType::Box,
        PgType::Path,
        PgType::Polygon,
        PgType::Circle,
        composite(&[("a", PgType::Int4), ("b", PgType::Text), ("c", list(PgType::Numeric(None)))]),
        PgType::Oid,
        PgType::Geometry,
        PgType::Vector(Some(3)),
        PgType::Vector(None),
        PgType::Halfvec(None),
        list(list(PgType::Int4)),
        list(list(list(PgType::Text))),
        list(composite(&[("x", PgType::Bool), ("y", PgType::Inet)])),
        list(PgType::Domain("public.grid".to_owned(), Box::new(list(PgType::Int2)))),
        list(PgType::Interval),
        list(PgType::Hstore),
    ]
}

fn composite(attributes: &[(&str, PgType)]) -> PgType {
    let attributes = attributes.iter().map(|(name, ty)| ((*name).to_owned(), ty.clone())).collect();
    PgType::Composite("public.pair".to_owned(), attributes)
}

/// The OIDs of the types above that a server would be asked for.
pub fn oids() -> Oids {
    let mut oids = Oids::default();
    let names = ["public.mood", "public.cents", "public.pair", "public.grid", "hstore", "citext", "ltree"];
    for (name, oid) in names.into_iter().zip(90_000..) {
        oids.insert(name, oid);
    }
    oids.insert_array(1700, 1231);
    oids.insert_array(21, 1005);
    oids
}

/// The length that values of a type have, where all have the same.
pub fn length_of(ty: &PgType) -> Option<usize> {
    match ty.base() {
        PgType::Bool => Some(1),
        PgType::Int2 => Some(2),
        PgType::Int4 | PgType::Float4 | PgType::Date => Some(4),
        PgType::Int8 | PgType::Float8 | PgType::Time | PgType::Timestamp | PgType::Timestamptz => Some(8),
        PgType::Uuid | PgType::Interval | PgType::Point => Some(16),
        PgType::Timetz => Some(12),
        PgType::Macaddr => Some(6),
        PgType::Macaddr8 | PgType::PgLsn | PgType::Money(_) => Some(8),
        PgType::Oid => Some(4),
        PgType::Line | PgType::Circle => Some(24),
        PgType::Lseg | PgType::Box => Some(32),
        PgType::InternalChar => Some(1),
        _ => None,
    }
}
