//! Names, columns, types, the type map and its verdicts.
//!
//! Everything here is a pure function or a plain struct: no I/O, no clock, no environment. Any crate may call it.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod casts;
pub mod civil;
pub mod digest;
pub mod fingerprint;
pub mod name;
pub mod name_template;
pub mod pgtext;
pub mod pgtype;
pub mod remedies;
pub mod text;
pub mod typemap;
pub mod typerows;
pub mod watermark;

pub use casts::{Cast, CastForm, casts};
pub use digest::{Form, FormError, RowDigest, row_digests};
pub use fingerprint::{RowMark, row_mark};
pub use name::{NameError, TableName};
pub use name_template::{NameTemplate, TemplateError};
pub use pgtype::{Numeric, PgType};
pub use remedies::{Remedy, RemedyForm, is_settled_by_a_transform, remedies};
pub use typemap::{ColumnPlan, Dialect, Unfit, Verdict, plan_column};
pub use typerows::{TypeRow, type_rows};
pub use watermark::{Watermark, WatermarkError, WatermarkKind};
