-- Owner: crate firn-postgres (state/report.rs).
-- Lists log rows, newest first.
-- Parameters: schema; source: a table or NULL for all; most: how many.
-- Result: a row a log row; the column `entry` is a JSON object.
SELECT json_build_object(
    'run_id', run_id,
    'source', source_table,
    'started_at', to_char(started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'finished_at', to_char(finished_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'status', coalesce(status, 'running'),
    'rows_read', coalesce(rows_read, 0),
    'rows_merged', coalesce(rows_merged, 0),
    'rows_rejected', coalesce(rows_rejected, 0),
    'message', message
)::text AS entry
FROM :"schema".sync_logs
WHERE :'source'::text IS NULL OR source_table = :'source'::text
ORDER BY started_at DESC, id DESC
LIMIT :'most'::int8;
