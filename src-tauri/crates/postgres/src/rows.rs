//! Rows of a table to look at.
//!
//! A row is found again by where it is stored (`ctid`): the list is one read of the table without its columns, and a
//! page is a look at as many places as it has rows, however far down they are. Views and foreign tables have no places:
//! their first rows are read anew for each page.

use crate::introspect;
use crate::quote::{ident, literal};
use crate::snapshot::PgSnapshot;
use crate::source::PostgresSource;
use arrow::array::{Array as _, AsArray as _, RecordBatch};
use async_trait::async_trait;
use firn_catalog::{Dialect, PgType, TableName, plan_column};
use firn_connector::rows::{Listed, MOST_WITHOUT_PLACES, Stretch, column_at, cut, no_such_column};
use firn_connector::{
    Error, ErrorKind, ReadBatch, ReadColumn, ReadPlan, ReadScope, Relation, Result, RowFilter, RowList, RowTest,
    RowsAsk, RowsColumn, RowsPage, RowsPageBuilder, Side, Snapshot as _, Source as _, SourceColumn,
};
use futures::StreamExt as _;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

/// How long the rows of a page may take.
const PAGE_PATIENCE: Duration = Duration::from_secs(30);
/// How long it may take to list rows.
const LIST_PATIENCE: Duration = Duration::from_secs(120);
/// Rows of a batch.
const BATCH_ROWS: usize = 4_096;
/// Bytes of a batch.
const BATCH_BYTES: usize = 1 << 20;

/// Where a row is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Place {
    /// The table, or the partition.
    relation: u32,
    block: u32,
    line: u16,
}

impl Place {
    /// Reads `16384(12,3)`.
    fn read(text: &str) -> Option<Self> {
        let (relation, at) = text.split_once('(')?;
        let (block, line) = at.strip_suffix(')')?.split_once(',')?;
        Some(Self { relation: relation.parse().ok()?, block: block.parse().ok()?, line: line.parse().ok()? })
    }
}

/// Rows of one table.
struct PgRows {
    source: PostgresSource,
    table: TableName,
    columns: Vec<RowsColumn>,
    filter: Option<String>,
    listed: Listed<Place>,
}

impl PostgresSource {
    /// Lists rows of a table or view, so that any of them can be read.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where the table or a column of a filter is not there; whatever the server says to a value
    /// that is none of its column's type.
    pub async fn rows(&self, ask: &RowsAsk) -> Result<Box<dyn RowList>> {
        let found = introspect::inspect(self.pool(), &ask.table, &BTreeMap::new(), None).await?;
        let column = |column: &SourceColumn| RowsColumn {
            name: column.name.clone(),
            ty: column.ty.to_string(),
            numeric: is_number(&column.ty),
        };
        let mut rows = PgRows {
            source: self.clone(),
            columns: found.columns.iter().map(column).collect(),
            filter: condition(&found.columns, &ask.filters).map_err(|error| error.on_table(&found.name))?,
            table: found.name,
            listed: Listed::first(0, 0),
        };
        let has_places = match found.relation {
            Relation::Table | Relation::Partitioned => true,
            Relation::View => found.materialized,
            Relation::Foreign => false,
        };
        rows.listed = if has_places {
            Listed::places(rows.places(ask.most.saturating_add(1)).await?, ask.most)
        } else {
            let most = ask.most.min(MOST_WITHOUT_PLACES);
            let plan = rows.plan(Vec::new(), None);
            let waiting = self.waiting(&plan, None, most.saturating_add(1));
            let count = in_time(LIST_PATIENCE, waiting).await.map_err(|error| error.on_table(&rows.table))?;
            Listed::first(count, most)
        };
        Ok(Box::new(rows))
    }
}

impl PgRows {
    fn plan(&self, columns: Vec<ReadColumn>, more: Option<String>) -> ReadPlan {
        let conditions: Vec<String> = self.filter.iter().cloned().chain(more).collect();
        ReadPlan {
            table: self.table.clone(),
            columns,
            key: Vec::new(),
            watermark: None,
            filter: (!conditions.is_empty()).then(|| conditions.join(" AND ")),
            row_versions: false,
            batch_rows: BATCH_ROWS,
            batch_bytes: BATCH_BYTES,
        }
    }

    /// Reads batches of a plan until `enough` says so.
    async fn read(&self, plan: ReadPlan, mut enough: impl FnMut(ReadBatch) -> bool + Send) -> Result<()> {
        let snapshot = PgSnapshot::open(self.source.pool(), Arc::new(plan), 1).await?;
        let mut stream = snapshot.read(ReadScope::Whole).await?;
        while let Some(batch) = stream.next().await {
            if enough(batch?) {
                break;
            }
        }
        Ok(())
    }

    async fn places(&self, most: u64) -> Result<Vec<Place>> {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let mut places = Vec::new();
        let mut unreadable = 0;
        let plan = self.plan(vec![text_column(PLACE, PLACE_OF.to_owned())], Some(FROM_THE_BEGINNING.to_owned()));
        let read = self.read(plan, |read| {
            let texts = read.batch.column(0).as_string::<i32>();
            for row in 0..texts.len().min(most - places.len()) {
                match Place::read(texts.value(row)) {
                    Some(place) => places.push(place),
                    None => unreadable += 1,
                }
            }
            places.len() >= most
        });
        in_time(LIST_PATIENCE, read).await.map_err(|error| error.on_table(&self.table))?;
        if unreadable > 0 {
            let message = format!("the server told the places of {unreadable} rows in a form that is not known");
            return Err(Error::new(Side::Source, ErrorKind::Other, message).on_table(&self.table));
        }
        Ok(places)
    }

    fn wanted(&self, columns: &[usize], most_chars: Option<u32>) -> Result<(Vec<String>, Vec<ReadColumn>)> {
        let mut names = Vec::with_capacity(columns.len());
        let mut read = Vec::with_capacity(columns.len() + 1);
        for at in columns {
            let column = column_at(&self.columns, *at, &self.table)?;
            let text = self.source.text_of(&column.name);
            // What nobody sees does not travel.
            let text = most_chars.map_or_else(|| text.clone(), |most| format!("left({text}, {})", u64::from(most) + 1));
            read.push(text_column(&format!("c{at}"), text));
            names.push(column.name.clone());
        }
        Ok((names, read))
    }

    async fn at_places(&self, places: &[Place], columns: &[usize], most_chars: Option<u32>) -> Result<RowsPage> {
        let (names, mut read) = self.wanted(columns, most_chars)?;
        let mut page = RowsPageBuilder::new(names, places.len());
        if places.is_empty() {
            return page.finish();
        }
        let order: HashMap<Place, usize> = places.iter().enumerate().map(|(row, place)| (*place, row)).collect();
        read.push(text_column(PLACE, PLACE_OF.to_owned()));
        let list = |items: Vec<String>| literal(&format!("{{{}}}", items.join(",")));
        let tids = places.iter().map(|place| format!("\"({},{})\"", place.block, place.line)).collect();
        let condition = format!("ctid = ANY ({}::pg_catalog.tid[])", list(tids));
        let last = columns.len();
        self.read(self.plan(read, Some(condition)), |read| {
            for row in 0..read.batch.num_rows() {
                let place = Place::read(read.batch.column(last).as_string::<i32>().value(row));
                // A place of another partition may come along.
                let Some(at) = place.and_then(|place| order.get(&place)) else { continue };
                page.put(*at, |column| text_at(&read.batch, column, row, most_chars));
            }
            for refused in &read.refused {
                let text = |name: &str| refused.payload.get(name).and_then(|value| value.as_str()).map(str::to_owned);
                let Some(at) = text(PLACE).as_deref().and_then(Place::read).and_then(|p| order.get(&p).copied()) else {
                    continue;
                };
                page.put(at, |column| columns.get(column).and_then(|at| text(&format!("c{at}"))));
            }
            false
        })
        .await?;
        page.finish()
    }

    async fn first(&self, first: u64, rows: usize, columns: &[usize], most_chars: Option<u32>) -> Result<RowsPage> {
        let (names, read) = self.wanted(columns, most_chars)?;
        let mut page = RowsPageBuilder::new(names, rows);
        let skip = usize::try_from(first).unwrap_or(usize::MAX);
        let mut passed = 0;
        self.read(self.plan(read, None), |read| {
            for row in 0..read.batch.num_rows() {
                if passed >= skip && passed - skip < rows {
                    page.put(passed - skip, |column| text_at(&read.batch, column, row, most_chars));
                }
                passed += 1;
            }
            passed >= skip.saturating_add(rows)
        })
        .await?;
        page.finish()
    }
}

#[async_trait]
impl RowList for PgRows {
    fn columns(&self) -> &[RowsColumn] {
        &self.columns
    }

    fn rows(&self) -> u64 {
        self.listed.rows()
    }

    fn complete(&self) -> bool {
        self.listed.complete()
    }

    async fn page(&self, first: u64, rows: u32, columns: &[usize], most_chars: Option<u32>) -> Result<RowsPage> {
        let (stretch, rows) = self.listed.stretch(first, rows);
        let page = async {
            match stretch {
                Stretch::Places(places) => self.at_places(places, columns, most_chars).await,
                Stretch::After(first) => self.first(first, rows, columns, most_chars).await,
            }
        };
        in_time(PAGE_PATIENCE, page).await.map_err(|error| error.on_table(&self.table))
    }
}

/// The name under which a row's place is selected.
const PLACE: &str = "place";
/// What tells where a row is stored, in a partition of its own.
const PLACE_OF: &str = "tableoid::pg_catalog.int8::pg_catalog.text || ctid::pg_catalog.text";

/// A read of a range of places begins at its first row. Any other read of a large table begins wherever another one of it
/// stands at the moment, and a longer list would not begin with the rows of a shorter one.
const FROM_THE_BEGINNING: &str = "ctid >= '(0,0)'::pg_catalog.tid";

fn text_column(name: &str, expression: String) -> ReadColumn {
    let plan = plan_column(&PgType::Text, Dialect::Duckdb);
    ReadColumn { name: name.to_owned(), expression: Some(expression), ty: PgType::Text, plan }
}

fn text_at(batch: &RecordBatch, column: usize, row: usize, most_chars: Option<u32>) -> Option<String> {
    let texts = batch.column(column).as_string::<i32>();
    (!texts.is_null(row)).then(|| cut(texts.value(row).to_owned(), most_chars))
}

async fn in_time<T>(patience: Duration, work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::time::timeout(patience, work).await.unwrap_or_else(|_| {
        let message = format!("the rows did not come within {} s", patience.as_secs());
        Err(Error::new(Side::Source, ErrorKind::Transient, message)
            .with_hint("look for fewer rows, by a column with an index, or try again when the server has less to do"))
    })
}

fn is_number(ty: &PgType) -> bool {
    use PgType::{Float4, Float8, Int2, Int4, Int8, Money, Numeric, Oid};
    matches!(ty.base(), Int2 | Int4 | Int8 | Float4 | Float8 | Numeric(_) | Oid | Money(_))
}

/// Writes the condition of filters. Values are literals that take the type of what they are held against; where a type
/// cannot be compared, its text is.
fn condition(columns: &[SourceColumn], filters: &[RowFilter]) -> Result<Option<String>> {
    let one = |filter: &RowFilter| {
        let column = columns.iter().find(|column| column.name == filter.column);
        let column = column.ok_or_else(|| no_such_column(Side::Source, filter))?;
        let name = ident(&column.name);
        let text = format!("{name}::pg_catalog.text");
        let value = literal(&filter.value);
        let held = if column.ty.orderable() { &name } else { &text };
        Ok(match filter.test {
            RowTest::Contains => {
                format!("pg_catalog.strpos(pg_catalog.lower({text}), pg_catalog.lower({value}::pg_catalog.text)) > 0")
            }
            RowTest::Equals => format!("{held} = {value}"),
            RowTest::Differs => format!("{held} IS DISTINCT FROM {value}"),
            RowTest::Below => format!("{held} < {value}"),
            RowTest::Above => format!("{held} > {value}"),
            RowTest::IsNull => format!("{name} IS NULL"),
            RowTest::NotNull => format!("{name} IS NOT NULL"),
        })
    };
    let conditions = filters.iter().map(one).collect::<Result<Vec<String>>>()?;
    Ok((!conditions.is_empty()).then(|| conditions.join(" AND ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, ty: PgType) -> SourceColumn {
        SourceColumn {
            number: 1,
            name: name.to_owned(),
            ty,
            not_null: false,
            generated: false,
            identity: false,
            has_default: false,
        }
    }

    fn filter(column: &str, test: RowTest, value: &str) -> RowFilter {
        RowFilter { column: column.to_owned(), test, value: value.to_owned() }
    }

    #[test]
    fn values_and_names_of_filters_stay_inside_their_quotes() {
        let columns = [column("we\"ird", PgType::Int8), column("doc", PgType::Json)];
        let filters = [filter("we\"ird", RowTest::Below, "1' OR 'x"), filter("doc", RowTest::Equals, "{}")];
        assert_eq!(
            condition(&columns, &filters).unwrap().unwrap(),
            "\"we\"\"ird\" < '1'' OR ''x' AND \"doc\"::pg_catalog.text = '{}'"
        );
        assert_eq!(condition(&columns, &[]).unwrap(), None);
        let missing = condition(&columns, &[filter("other", RowTest::IsNull, "")]).unwrap_err();
        assert_eq!(missing.kind, ErrorKind::NotFound);
    }

    #[test]
    fn places_are_read_as_the_server_writes_them() {
        let place = Place { relation: 16_384, block: 4_294_967_295, line: 291 };
        assert_eq!(Place::read("16384(4294967295,291)"), Some(place));
        assert!(["", "16384", "16384(1,2", "16384(1,70000)", "x(1,2)"].iter().all(|text| Place::read(text).is_none()));
    }
}
