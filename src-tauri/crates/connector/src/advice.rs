//! What speaks for and against columns of a source table as its key and as its watermark.

use firn_catalog::WatermarkKind;

/// Who sets the values of a column, as far as the source's catalogs show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetBy {
    /// A trigger that runs before a row is changed names it.
    Trigger,
    /// Its default, which is the database's clock, when a row is made; nothing seen moves it when one is changed.
    ClockDefault,
    /// A sequence, when a row is made.
    Sequence,
    /// Nothing in the database: whoever writes the row.
    Application,
    /// The catalogs cannot tell: a column of a view or a foreign table, or one computed from others.
    Unknown,
}

impl SetBy {
    /// Returns its stable short name.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Trigger => "trigger",
            Self::ClockDefault => "default",
            Self::Sequence => "sequence",
            Self::Application => "application",
            Self::Unknown => "unknown",
        }
    }

    fn sentence(self) -> &'static str {
        match self {
            Self::Trigger => "a trigger before updates names it",
            Self::ClockDefault => "set by its default when a row is made, by nothing seen here when one is changed",
            Self::Sequence => "numbered by a sequence when a row is made",
            Self::Application => "set by the application, as far as is seen here",
            Self::Unknown => "who sets it is not to be seen from here",
        }
    }
}

/// A column that could carry the watermark of its table.
#[derive(Debug, Clone, PartialEq)]
pub struct WatermarkCandidate {
    /// Its name.
    pub column: String,
    /// Its axis.
    pub kind: WatermarkKind,
    /// Whether its type, its name or a trigger says that it tells when a row was changed. Others may be chosen by who
    /// knows the table, and are never proposed.
    pub likely: bool,
    /// Whether a btree index begins with it.
    pub indexed: bool,
    /// Whether it is declared NOT NULL.
    pub not_null: bool,
    /// Share of rows without one, from 0 to 1; `None` where the table was never analysed.
    pub nulls: Option<f64>,
    /// How far its values follow the order in which rows are stored, from −1 to 1; `None` where that is not known.
    pub correlation: Option<f64>,
    /// Who sets it.
    pub set_by: SetBy,
    /// The statement that makes the index an ordered read wants; `None` where there is one, or can be none.
    pub index_sql: Option<String>,
}

impl WatermarkCandidate {
    /// Returns whether the database's clock sets it, by default or by a trigger.
    #[must_use]
    pub fn database_clock(&self) -> bool {
        matches!(self.kind, WatermarkKind::Timestamptz | WatermarkKind::Timestamp)
            && matches!(self.set_by, SetBy::Trigger | SetBy::ClockDefault)
    }

    /// Returns whether its values grow as rows are written; `None` where the table was never analysed.
    #[must_use]
    pub fn monotonic(&self) -> Option<bool> {
        self.correlation.map(|correlation| correlation > 0.9)
    }

    /// Says what speaks for it and against it, as far as the catalogs show.
    #[must_use]
    pub fn reasons(&self) -> Vec<String> {
        let mut reasons = vec![if self.indexed { "indexed" } else { "not indexed" }.to_owned()];
        reasons.push(match self.nulls {
            _ if self.not_null => "never NULL".to_owned(),
            Some(share) if share > 0.0 => format!("NULL in {:.1} % of the rows", share * 100.0),
            Some(_) => "no NULL seen".to_owned(),
            None => "may be NULL".to_owned(),
        });
        if self.monotonic() == Some(true) {
            reasons.push("grows as rows are written".to_owned());
        }
        reasons.push(self.set_by.sentence().to_owned());
        reasons
    }
}

/// Columns that identify a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyCandidate {
    /// Their names, in the order of the constraint or index.
    pub columns: Vec<String>,
    /// Whether it is the primary key.
    pub primary: bool,
}

/// What a table offers as its key and its watermark.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TableAdvice {
    /// What can identify a row: the primary key first.
    pub keys: Vec<KeyCandidate>,
    /// What can carry the watermark, best first: the likely ones before the others.
    pub watermarks: Vec<WatermarkCandidate>,
}
