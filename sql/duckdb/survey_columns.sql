-- Lists the columns of every table and view outside Firn's own schema, to describe many at once.
--
-- Owner:      src-tauri/crates/duckdb
-- Parameters: none
-- Result:     schema, table, column, type, nullable, has a default, estimated rows of a table or NULL for a view; in
--             column order
SELECT c.schema_name, c.table_name, c.column_name, c.data_type, c.is_nullable, c.column_default IS NOT NULL, t.estimated_size
  FROM duckdb_columns() c
  LEFT JOIN duckdb_tables() t ON t.database_oid = c.database_oid AND t.table_oid = c.table_oid
       AND t.schema_oid = c.schema_oid
 WHERE c.database_name = current_database() AND NOT c.internal AND c.schema_name <> '_firn'
 ORDER BY c.schema_name, c.table_name, c.column_index;
