//! Counting what a replacement takes out of a table: rows whose key its new content has not.
//!
//! The hashes of the keys are kept aside before the old rows go. As in a sweep they are weighed in buckets, so that a
//! replacement which changes little costs one pass over the hashes of either content and the memory of the buckets.

use crate::error::{self, Touching};
use crate::merge;
use crate::quote;
use crate::sweep::{Swept, bucket, find_buckets};
use crate::worker::Worker;
use firn_connector::Result;

impl Worker {
    /// Empties the table inside the open transaction, and keeps aside what tells which rows will be missing.
    pub(crate) fn empty(&mut self) -> Result<()> {
        if !self.plan.key.is_empty() {
            self.keys_staged = true;
            let Swept { table, hash, live, .. } = Swept::new(&self.session, &self.plan, &self.found()?)?;
            let keep = format!(
                "CREATE OR REPLACE TEMPORARY TABLE firn_before AS SELECT {hash} AS h FROM {table} WHERE {live}"
            );
            self.session.execute("keeping the keys that are replaced", &keep)?;
        }
        let _memory = merge::reserve_deletes(&self.session, &self.plan.table, u64::MAX)?;
        let delete = format!("DELETE FROM {}", quote::table(self.session.lease().catalog(), &self.plan.table));
        let deleted = self.session.connection().execute(&delete, []);
        let failed = |e| error::failure(Touching::Else, "replacing the rows", &e).on_table(&self.plan.table);
        self.emptied = deleted.map_err(failed)? as u64;
        Ok(())
    }

    /// Returns how many of the rows that [`Worker::empty`] has deleted have no heir among the `rows` rows of the new
    /// content: by their keys, or where there are none by their number.
    pub(crate) fn removed(&self, rows: u64) -> Result<u64> {
        if self.emptied == 0 || self.plan.key.is_empty() {
            return Ok(self.emptied.saturating_sub(rows));
        }
        let swept = Swept::new(&self.session, &self.plan, &self.found()?)?;
        self.session.execute("weighing the keys", &find_buckets(&swept, "temp.firn_before"))?;
        let Swept { table, hash, live, .. } = swept;
        let (before, after) = (bucket("h"), bucket(&hash));
        let doubtful = "IN (SELECT bucket FROM temp.firn_buckets)";
        self.count(&format!(
            "temp.firn_before AS b WHERE {before} {doubtful} AND NOT EXISTS (SELECT 1 FROM (\
               SELECT {hash} AS h FROM {table} WHERE {live} AND {after} {doubtful}) AS n WHERE n.h = b.h)"
        ))
    }
}
