//! What source and target said of tables that were looked at, so that an edit of a mapping and a look before a run need
//! not ask them again.

use chrono::{DateTime, Utc};
use firn_connector::TableAdvice;
use firn_sync::{Foresight, Remembered};
use firn_workspace::Connection;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Most tables that are remembered: each holds the description of its columns.
const MOST: usize = 64;

/// Answers by folder and source table.
#[derive(Default)]
pub(crate) struct Foresights {
    kept: Mutex<HashMap<(String, String), Known>>,
    /// What the target of a folder remembers of its tables, and which connection that is.
    remembered: Mutex<HashMap<String, (Connection, Arc<Remembered>)>>,
}

/// An answer with its age.
#[derive(Clone)]
pub(crate) struct Known {
    pub(crate) foresight: Arc<Foresight>,
    /// What the source offers as key and watermark.
    pub(crate) advice: TableAdvice,
    pub(crate) asked_at: DateTime<Utc>,
    /// The connections that answered: with others, nothing is known.
    pub(crate) roles: (Connection, Connection),
}

impl Foresights {
    /// Returns what is known of a table through these connections.
    pub(crate) fn known(&self, folder: &str, table: &str, roles: &(Connection, Connection)) -> Option<Known> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&(folder.to_owned(), table.to_owned())).filter(|known| known.roles == *roles).cloned()
    }

    /// Remembers an answer; the oldest of too many is forgotten.
    pub(crate) fn keep(&self, folder: &str, table: &str, known: Known) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert((folder.to_owned(), table.to_owned()), known);
        if kept.len() > MOST {
            let oldest = kept.iter().min_by_key(|(_, known)| known.asked_at).map(|(name, _)| name.clone());
            oldest.and_then(|name| kept.remove(&name));
        }
    }

    /// Returns what a target has said that it remembers of a folder's tables; whether it still holds, the engine knows.
    pub(crate) fn remembered(&self, folder: &str, target: &Connection) -> Option<Arc<Remembered>> {
        let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.get(folder).filter(|(known, _)| known == target).map(|(_, remembered)| Arc::clone(remembered))
    }

    /// Keeps what a target remembers of a folder's tables.
    pub(crate) fn remember(&self, folder: &str, target: &Connection, said: Remembered) {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.insert(folder.to_owned(), (target.clone(), Arc::new(said)));
    }
}
