-- Owner: crate firn-postgres (state/listed.rs).
-- Counts rejected rows by table and reason, most first.
-- Parameters: schema; sources: a JSON array of tables, empty for all; resolved: whether closed entries are counted, too.
-- Result: a row a table and reason; the column `cause` is a JSON object.
SELECT json_build_object(
    'source', source_table,
    'code', coalesce(error_code, ''),
    'error', coalesce(error, ''),
    'rows', count(*),
    'open', count(*) FILTER (WHERE resolved_at IS NULL)
)::text AS cause
FROM :"schema".sync_errors
WHERE (:'sources'::jsonb = '[]' OR :'sources'::jsonb ? source_table)
    AND (resolved_at IS NULL OR :'resolved'::boolean)
GROUP BY source_table, error_code, error
ORDER BY count(*) DESC, source_table, error
LIMIT 500;
