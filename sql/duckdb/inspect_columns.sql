-- Lists the columns of one table or view, whatever the case its name is written in.
--
-- Owner:      src-tauri/crates/duckdb
-- Parameters: 1 schema, 2 table
-- Result:     schema as stored, table as stored, column, type, nullable, has a default; in column order
SELECT schema_name, table_name, column_name, data_type, is_nullable, column_default IS NOT NULL
  FROM duckdb_columns()
 WHERE database_name = current_database() AND lower(schema_name) = lower(?) AND lower(table_name) = lower(?)
 ORDER BY column_index;
