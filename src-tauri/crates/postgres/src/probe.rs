//! One look whether anything stands after a cursor.

use crate::quote::{ident, table as quoted_table};
use crate::read_sql;
use crate::session::{self, ReadOnly};
use firn_connector::{Cursor, Error, ReadPlan, ReadScope, Result, Side};
use sqlx::PgPool;

const SIDE: Side = Side::Source;

/// Returns whether any row stands after a cursor, or with `nulls` has no watermark.
///
/// One round trip, but where the plan has a condition of the user: that is never sent as a simple query, which could hold
/// a second statement.
pub(crate) async fn any_after(pool: &PgPool, plan: &ReadPlan, after: &Cursor, nulls: bool) -> Result<bool> {
    let work = async {
        let sql = sql(plan, after, nulls)?;
        let rows = if plan.filter.is_some() {
            let mut transaction = ReadOnly::begin(pool).await?;
            let rows = transaction.single(sql).await;
            transaction.end(rows).await?
        } else {
            session::run(pool, SIDE, format!("SET TRANSACTION READ ONLY; {sql}")).await?
        };
        match rows.first() {
            Some(row) => session::column(row, "waiting", SIDE),
            None => Ok(true),
        }
    };
    work.await.map_err(|error: Error| error.on_table(&plan.table))
}

/// Writes the look: the first row in the order of an index over watermark and key. `EXISTS` would drop the order, and
/// the server might then read the whole table for a row that is not there.
fn sql(plan: &ReadPlan, after: &Cursor, nulls: bool) -> Result<String> {
    let table = quoted_table(&plan.table);
    let mut order = Vec::new();
    for at in plan.watermark.iter().map(|(at, _)| at).chain(&plan.key) {
        order.push(ident(&read_sql::column(plan, *at)?.name));
    }
    let conditions = read_sql::conditions(plan, &ReadScope::After(Some(after.clone())))?.join(" AND ");
    let first = format!("(SELECT 1 FROM {table} WHERE {conditions} ORDER BY {} LIMIT 1)", order.join(", "));
    let mut looks = vec![format!("{first} IS NOT NULL")];
    if nulls {
        let conditions = read_sql::conditions(plan, &ReadScope::NullWatermarks)?.join(" AND ");
        looks.push(format!("(SELECT 1 FROM {table} WHERE {conditions} LIMIT 1) IS NOT NULL"));
    }
    Ok(format!("SELECT {} AS waiting", looks.join(" OR ")))
}
