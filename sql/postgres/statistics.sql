-- Owner: crate firn-postgres (advice.rs).
-- What the planner knows about columns of tables that were analysed; of columns the role may read.
-- Parameters: schema: a schema's name, or NULL for all but the system's; table: a table's name, or NULL for all.
-- Result: one row a column: schema, table, column, share of NULLs (0 to 1), correlation of values with storage (−1 to 1).
--   Of a table with children its own rows are told of; a partitioned table has none of its own, so it is told of as a whole.
SELECT DISTINCT ON (s.schemaname, s.tablename, s.attname)
    s.schemaname::text AS schema, s.tablename::text AS name, s.attname::text AS column,
    s.null_frac::float8 AS nulls, s.correlation::float8 AS correlation
FROM pg_catalog.pg_stats s
WHERE (s.schemaname = :'schema'::text
        OR :'schema'::text IS NULL AND s.schemaname <> 'information_schema' AND s.schemaname !~ '^pg_')
    AND (:'table'::text IS NULL OR s.tablename = :'table'::text)
ORDER BY s.schemaname, s.tablename, s.attname, s.inherited
