//! The view that rows are read from, of the table that was planned.
//!
//! Between the look at a table and the view of it somebody may alter it. A column that was added then, and filled in the
//! same transaction, would be passed over with the rows that carry it; so such a view is not read.

use crate::planning::Prepared;
use crate::table::TableRun;
use firn_connector::switches::{Protection, on};
use firn_connector::{Error, ErrorKind, ReadPlan, Result, Side, Snapshot};
use std::sync::Arc;

impl TableRun<'_> {
    /// Opens a view of the planned table for a read.
    ///
    /// # Errors
    /// [`ErrorKind::Transient`] where the table has got other columns meanwhile: the next attempt looks again.
    pub(crate) async fn view(
        &self,
        prepared: &Prepared,
        plan: Arc<ReadPlan>,
        readers: usize,
    ) -> Result<Box<dyn Snapshot>> {
        let snapshot = self.engine.source.snapshot(plan, readers).await?;
        let planned = prepared.table.columns.iter().map(|column| (column.number, column.name.as_str()));
        let is_planned = planned.eq(snapshot.columns().iter().map(|(number, name)| (*number, name.as_str())));
        if is_planned || !on(Protection::ColumnsOfView) {
            return Ok(snapshot);
        }
        let message = "the table was altered after it had been looked at";
        Err(Error::new(Side::Source, ErrorKind::Transient, message).with_hint("Let whoever alters it come to an end."))
    }
}
