-- Owner: crate firn-postgres (state/reject.rs).
-- Lists rejected rows, newest first.
-- Parameters: schema; sources: a JSON array of tables, empty for all; resolved: whether closed entries are listed, too;
--   most.
-- Result: a row an entry; the column `entry` is a JSON object.
SELECT json_build_object(
    'id', id,
    'source', source_table,
    'occurred_at', to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'run_id', coalesce(run_id::text, ''),
    'pk', coalesce(pk_text::json, pk::json),
    'payload', payload,
    'payload_columns', payload_columns,
    'code', coalesce(error_code, ''),
    'error', coalesce(error, ''),
    'attempts', coalesce(attempts, 1),
    'resolved_at', to_char(resolved_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'resolved_by', resolved_by,
    'note', note
)::text AS entry
FROM :"schema".sync_errors
WHERE (:'sources'::jsonb = '[]' OR :'sources'::jsonb ? source_table)
    AND (resolved_at IS NULL OR :'resolved'::boolean)
ORDER BY occurred_at DESC, id DESC
LIMIT :'most'::int8;
