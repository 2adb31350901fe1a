-- Owner: crate firn-postgres (state/reject.rs).
-- Lists rejected rows, newest first.
-- Parameters: schema; source: a table or NULL for all; resolved: whether resolved entries are listed, too; most.
-- Result: a row an entry; the column `entry` is a JSON object.
SELECT json_build_object(
    'id', id,
    'source', source_table,
    'occurred_at', to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'run_id', coalesce(run_id::text, ''),
    'pk', pk,
    'payload', payload,
    'code', coalesce(error_code, ''),
    'error', coalesce(error, ''),
    'attempts', coalesce(attempts, 1),
    'resolved_at', to_char(resolved_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
)::text AS entry
FROM :"schema".sync_errors
WHERE (:'source'::text IS NULL OR source_table = :'source'::text)
    AND (resolved_at IS NULL OR :'resolved'::boolean)
ORDER BY occurred_at DESC, id DESC
LIMIT :'most'::int8;
