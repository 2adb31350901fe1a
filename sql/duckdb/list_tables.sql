-- Lists what a person can look at: tables and views outside Firn's own schema.
--
-- Owner:      src-tauri/crates/duckdb
-- Parameters: none
-- Result:     schema, name, number of columns, whether it is a view; by schema and name
SELECT schema_name, table_name, column_count, false AS is_view
  FROM duckdb_tables()
 WHERE database_name = current_database() AND NOT internal AND schema_name <> '_firn'
UNION ALL
SELECT schema_name, view_name, column_count, true
  FROM duckdb_views()
 WHERE database_name = current_database() AND NOT internal AND schema_name <> '_firn'
 ORDER BY 1, 2;
