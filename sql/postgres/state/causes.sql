-- Owner: crate firn-postgres (state/listed.rs).
-- Counts rejected rows by table, reason and what has become of them: open ones first, most first; then those closed last.
-- Parameters: schema; sources: a JSON array of tables, empty for all.
-- Result: a row a table, reason and standing; the column `cause` is a JSON object.
SELECT json_build_object(
    'source', source_table,
    'code', coalesce(error_code, ''),
    'error', coalesce(error, ''),
    'column', error_column,
    'standing', standing,
    'by', who,
    'note', why,
    'rows', count(*),
    'first_met', to_char(min(coalesce(first_met, occurred_at)) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'last_met', to_char(max(occurred_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'closed_at', to_char(max(resolved_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
)::text AS cause
FROM (
    SELECT *,
        CASE
            WHEN resolved_at IS NULL THEN 'open'
            WHEN resolved_by IN ('run', 'retry') THEN 'settled'
            ELSE 'discarded'
        END AS standing,
        -- Of a row that was merged, or gone, there is nothing to tell but that.
        CASE WHEN resolved_at IS NOT NULL AND resolved_by NOT IN ('run', 'retry') THEN resolved_by END AS who,
        CASE WHEN resolved_at IS NOT NULL AND resolved_by NOT IN ('run', 'retry') THEN note END AS why
    FROM :"schema".sync_errors
    WHERE (:'sources'::jsonb = '[]' OR :'sources'::jsonb ? source_table)
) AS entries
GROUP BY source_table, error_code, error, error_column, standing, who, why
ORDER BY max(resolved_at) DESC NULLS FIRST, count(*) DESC, source_table, error
LIMIT 500;
