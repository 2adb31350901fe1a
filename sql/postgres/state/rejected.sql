-- Owner: crate firn-postgres (state/listed.rs).
-- Lists a stretch of rejected rows, newest first.
-- Parameters: schema; sources: a JSON array of tables, empty for all; ids: a JSON array, empty for all; resolved:
--   whether closed entries are listed, too; error: only entries with exactly these words, empty for all; column: only entries
--   with a value refused in this column, empty for all; search: only
--   entries with these letters in table, key, reason or values, in any case, empty for all; payload: whether the values
--   are read; most; skip.
-- Result: a row an entry; the column `entry` is a JSON object, its `matching` counts all that were asked for.
SELECT json_build_object(
    'id', id,
    'source', source_table,
    'occurred_at', to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'run_id', coalesce(run_id::text, ''),
    'pk', coalesce(pk_text::json, pk::json),
    'payload', CASE WHEN :'payload'::boolean THEN payload END,
    'kept', payload IS NOT NULL,
    'payload_columns', CASE WHEN :'payload'::boolean THEN payload_columns END,
    'code', coalesce(error_code, ''),
    'column', error_column,
    'error', coalesce(error, ''),
    'attempts', coalesce(attempts, 1),
    'resolved_at', to_char(resolved_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'resolved_by', resolved_by,
    'note', note,
    'matching', matching
)::text AS entry
FROM (
    SELECT *, count(*) OVER () AS matching
    FROM :"schema".sync_errors
    WHERE (:'sources'::jsonb = '[]' OR :'sources'::jsonb ? source_table)
        AND (:'ids'::jsonb = '[]' OR id IN (SELECT jsonb_array_elements_text(:'ids'::jsonb)::int8))
        AND (resolved_at IS NULL OR :'resolved'::boolean)
        AND (:'error' = '' OR error = :'error')
        AND (:'column' = '' OR error_column = :'column')
        AND (
            :'search' = ''
            OR strpos(
                lower(concat_ws(' ', source_table, coalesce(pk_text, pk::text), error_code, error, payload::text)),
                lower(:'search')
            ) > 0
        )
    ORDER BY occurred_at DESC, id DESC
    LIMIT :'most'::int8 OFFSET :'skip'::int8
) AS stretch
ORDER BY occurred_at DESC, id DESC;
