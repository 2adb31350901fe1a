//! The numbers of types: arrays and composite values name the types of what is in them.

use firn_catalog::PgType;
use std::collections::HashMap;

/// The OIDs of a server's own types: enums, domains, composites, those of extensions, and arrays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Oids {
    named: HashMap<String, u32>,
    /// The OID of an array type by that of its elements.
    arrays: HashMap<u32, u32>,
}

impl Oids {
    /// Adds a type by the name that [`PgType`] has for it: qualified, or plain for those of extensions.
    pub fn insert(&mut self, name: impl Into<String>, oid: u32) {
        self.named.insert(name.into(), oid);
    }

    /// Adds an array type.
    pub fn insert_array(&mut self, element: u32, oid: u32) {
        self.arrays.insert(element, oid);
    }

    /// Returns the OID of a type; `None` where it is not built in and was not added.
    #[must_use]
    pub fn of(&self, ty: &PgType) -> Option<u32> {
        let named = |name: &str| self.named.get(name).copied();
        Some(match ty {
            PgType::Bool => 16,
            PgType::Bytea => 17,
            PgType::InternalChar => 18,
            PgType::Name => 19,
            PgType::Int8 => 20,
            PgType::Int2 => 21,
            PgType::Int4 => 23,
            PgType::Text => 25,
            PgType::Oid => 26,
            PgType::Xid => 28,
            PgType::Json => 114,
            PgType::Xml => 142,
            PgType::Point => 600,
            PgType::Lseg => 601,
            PgType::Path => 602,
            PgType::Box => 603,
            PgType::Polygon => 604,
            PgType::Line => 628,
            PgType::Cidr => 650,
            PgType::Float4 => 700,
            PgType::Float8 => 701,
            PgType::Circle => 718,
            PgType::Macaddr8 => 774,
            PgType::Money(_) => 790,
            PgType::Macaddr => 829,
            PgType::Inet => 869,
            PgType::Char(_) => 1042,
            PgType::Varchar(_) => 1043,
            PgType::Date => 1082,
            PgType::Time => 1083,
            PgType::Timestamp => 1114,
            PgType::Timestamptz => 1184,
            PgType::Interval => 1186,
            PgType::Timetz => 1266,
            PgType::Bit(_) => 1560,
            PgType::Varbit(_) => 1562,
            PgType::Numeric(_) => 1700,
            PgType::Uuid => 2950,
            PgType::PgLsn => 3220,
            PgType::Tsvector => 3614,
            PgType::Tsquery => 3615,
            PgType::Jsonb => 3802,
            PgType::Jsonpath => 4072,
            PgType::Vector(_) => named("vector")?,
            PgType::Halfvec(_) => named("halfvec")?,
            PgType::Citext | PgType::Ltree | PgType::Lquery | PgType::Ltxtquery => named(&ty.to_string())?,
            PgType::Hstore | PgType::Geometry | PgType::Geography => named(&ty.to_string())?,
            PgType::Enum(name) | PgType::Domain(name, _) | PgType::Composite(name, _) => named(name)?,
            PgType::Range(name, _) | PgType::Multirange(name, _) | PgType::Registered(name) => named(name)?,
            PgType::Array(item) => match &**item {
                // All numbers of dimensions are one type.
                PgType::Array(_) => self.of(item)?,
                item => self.arrays.get(&self.of(item)?).copied()?,
            },
            PgType::Other { oid, .. } => *oid,
        })
    }
}
