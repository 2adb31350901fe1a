//! From Arrow arrays to DuckDB's vectors: the types, and what the conversion of the crate leaves to be done.

use crate::feed::Failure;
use crate::types::DuckType;
use arrow::array::{Array, ArrayRef, AsArray, ListArray, MapArray, RecordBatch, StructArray};
use arrow::buffer::{OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{DataType, Field};
use arrow::error::ArrowError;
use duckdb::core::{DataChunkHandle, LogicalTypeHandle, LogicalTypeId};
use duckdb::ffi;
use duckdb::vtab::to_duckdb_logical_type_for_field;
use std::sync::Arc;

/// Returns DuckDB's type of a column. JSON is declared as such, because a cast from text would parse every value and
/// refuse what PostgreSQL's json takes.
pub(crate) fn logical_type(field: &Field, ddl: &DuckType) -> Result<LogicalTypeHandle, Failure> {
    match (field.data_type(), ddl) {
        (DataType::Utf8, DuckType::Named(name)) if name == "JSON" => {
            let mut json = LogicalTypeHandle::from(LogicalTypeId::Varchar);
            json.set_alias("JSON");
            Ok(json)
        }
        (DataType::List(item), DuckType::List(item_ddl)) => Ok(LogicalTypeHandle::list(&logical_type(item, item_ddl)?)),
        (DataType::Struct(fields), DuckType::Struct(ddl)) if fields.len() == ddl.len() => {
            let types =
                fields.iter().zip(ddl).map(|(field, (name, ddl))| Ok((name.as_str(), logical_type(field, ddl)?)));
            Ok(LogicalTypeHandle::struct_type(&types.collect::<Result<Vec<_>, Failure>>()?))
        }
        _ => to_duckdb_logical_type_for_field(field),
    }
}

/// Cuts nested columns down to the items of their own rows: a slice still refers to all items of its batch, and each
/// chunk would copy them all.
pub(crate) fn compact(slice: &RecordBatch) -> Result<RecordBatch, Failure> {
    if !slice.columns().iter().any(|c| has_items(c.data_type())) {
        return Ok(slice.clone());
    }
    let columns = slice.columns().iter().map(compact_column).collect::<Result<Vec<_>, _>>()?;
    Ok(RecordBatch::try_new(slice.schema(), columns)?)
}

/// Returns whether values of a type refer to items by offsets.
fn has_items(ty: &DataType) -> bool {
    match ty {
        DataType::List(_) | DataType::Map(..) => true,
        DataType::Struct(fields) => fields.iter().any(|field| has_items(field.data_type())),
        _ => false,
    }
}

fn compact_column(column: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    Ok(match column.data_type() {
        DataType::List(item) => {
            let list = column.as_list::<i32>();
            let (offsets, items) = own_items(list.value_offsets(), |from, len| list.values().slice(from, len));
            Arc::new(ListArray::try_new(Arc::clone(item), offsets, compact_column(&items)?, list.nulls().cloned())?)
        }
        DataType::Map(entry, sorted) => {
            let map = column.as_map();
            let (offsets, entries) = own_items(map.value_offsets(), |from, len| map.entries().slice(from, len));
            Arc::new(MapArray::try_new(Arc::clone(entry), offsets, entries, map.nulls().cloned(), *sorted)?)
        }
        DataType::Struct(fields) if has_items(column.data_type()) => {
            let rows = column.as_struct();
            let columns = rows.columns().iter().map(compact_column).collect::<Result<Vec<_>, _>>()?;
            Arc::new(StructArray::try_new(fields.clone(), columns, rows.nulls().cloned())?)
        }
        _ => Arc::clone(column),
    })
}

/// Returns the items between the first and the last offset, and the offsets counted from there.
fn own_items<T>(offsets: &[i32], slice: impl FnOnce(usize, usize) -> T) -> (OffsetBuffer<i32>, T) {
    let first = offsets.first().copied().unwrap_or_default();
    let last = offsets.last().copied().unwrap_or_default();
    let moved: ScalarBuffer<i32> = offsets.iter().map(|offset| offset - first).collect();
    (OffsetBuffer::new(moved), slice(usize_of(first), usize_of(last - first)))
}

fn usize_of(offset: i32) -> usize {
    // Arrow's offsets are never negative.
    usize::try_from(offset).unwrap_or_default()
}

/// Marks the intervals of a chunk that are NULL: the crate's conversion copies them into an array without NULLs first,
/// and what was NULL would be an interval of no length.
#[expect(unsafe_code, reason = "the crate has no safe access to the vectors inside a vector")]
pub(crate) fn restore_nulls(rows: &RecordBatch, chunk: &DataChunkHandle) {
    for (column, at) in rows.columns().iter().zip(0_u64..) {
        if has_intervals(column.data_type()) {
            // SAFETY: the chunk was filled with these rows and has this column.
            unsafe { restore_nulls_of(column, ffi::duckdb_data_chunk_get_vector(chunk.get_ptr(), at)) };
        }
    }
}

fn has_intervals(ty: &DataType) -> bool {
    match ty {
        DataType::Interval(_) => true,
        DataType::List(item) | DataType::FixedSizeList(item, _) => has_intervals(item.data_type()),
        DataType::Struct(fields) => fields.iter().any(|field| has_intervals(field.data_type())),
        _ => false,
    }
}

/// # Safety
/// `vector` is alive, of the type that the array was written as, and holds the array's values.
#[expect(unsafe_code, reason = "the crate has no safe access to the vectors inside a vector")]
unsafe fn restore_nulls_of(array: &dyn Array, vector: ffi::duckdb_vector) {
    match array.data_type() {
        DataType::Interval(_) => {
            let Some(nulls) = array.nulls() else { return };
            // SAFETY: the vector is alive; once it is writable its validity has a bit for each of its rows.
            unsafe {
                ffi::duckdb_vector_ensure_validity_writable(vector);
                let validity = ffi::duckdb_vector_get_validity(vector);
                for (row, _) in nulls.iter().enumerate().filter(|(_, valid)| !valid) {
                    ffi::duckdb_validity_set_row_invalid(validity, row as u64);
                }
            }
        }
        DataType::List(_) => {
            // SAFETY: a list was written as a list, and its items into the vector inside.
            unsafe { restore_nulls_of(array.as_list::<i32>().values(), ffi::duckdb_list_vector_get_child(vector)) }
        }
        DataType::FixedSizeList(..) => {
            // SAFETY: as for lists.
            unsafe { restore_nulls_of(array.as_fixed_size_list().values(), ffi::duckdb_array_vector_get_child(vector)) }
        }
        DataType::Struct(_) => {
            for (column, at) in array.as_struct().columns().iter().zip(0_u64..) {
                // SAFETY: a struct was written as a struct with as many fields.
                unsafe { restore_nulls_of(column, ffi::duckdb_struct_vector_get_child(vector, at)) }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Int32Builder, ListBuilder, MapBuilder, StringBuilder};

    #[test]
    fn a_slice_of_lists_carries_its_own_items_only() {
        let mut builder = ListBuilder::new(Int32Builder::new());
        for row in 0..5_000 {
            builder.append_value([Some(row), None, Some(-row)]);
        }
        builder.append(false);
        let lists: ArrayRef = Arc::new(builder.finish());
        let batch = RecordBatch::try_from_iter([("l", lists)]).unwrap();
        let slice = batch.slice(4_000, 1_001);
        let compacted = compact(&slice).unwrap();
        assert_eq!(compacted.column(0).as_list::<i32>().values().len(), 3_000);
        assert_eq!(compacted, slice);
    }

    #[test]
    fn a_slice_of_maps_and_of_lists_in_structs_carries_its_own_items_only() {
        let mut maps = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
        let mut lists = ListBuilder::new(Int32Builder::new());
        for row in 0..100 {
            maps.keys().append_value(format!("k{row}"));
            maps.values().append_option((row % 3 > 0).then_some("v"));
            maps.append(row % 7 > 0).unwrap();
            lists.append_value([Some(row), None]);
        }
        let lists: ArrayRef = Arc::new(lists.finish());
        let field = Arc::new(Field::new("l", lists.data_type().clone(), true));
        let structs: ArrayRef = Arc::new(StructArray::from(vec![(field, lists)]));
        let maps: ArrayRef = Arc::new(maps.finish());
        let batch = RecordBatch::try_from_iter([("m", maps), ("s", structs)]).unwrap();
        let slice = batch.slice(90, 10);
        let compacted = compact(&slice).unwrap();
        assert_eq!(compacted, slice);
        assert_eq!(compacted.column(0).as_map().entries().len(), 10);
        assert_eq!(compacted.column(1).as_struct().column(0).as_list::<i32>().values().len(), 20);
    }
}
