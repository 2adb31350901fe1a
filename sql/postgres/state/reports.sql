-- Owner: crate firn-postgres (state/report.rs).
-- Lists where every table stands.
-- Parameters: schema.
-- Result: a row a table, by name; the column `report` is a JSON object. A row that the seed's program wrote has no exact
--   text of the cursor: its timestamp stands in.
SELECT json_build_object(
    'source', w.source_table,
    'watermark', coalesce(w.cursor_watermark, w.last_watermark::text),
    'cursor_key', w.cursor_key,
    'last_run', to_char(w.last_run, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'status', coalesce(w.last_status, 'idle'),
    'error', w.last_error,
    'rows_processed', coalesce(w.rows_processed, 0),
    'holder', CASE WHEN w.lease_host IS NOT NULL AND w.lease_expires > clock_timestamp()
        THEN json_build_object('host', w.lease_host, 'pid', w.lease_pid, 'nonce', w.lease_nonce) END,
    'open_errors', (
        SELECT count(*) FROM :"schema".sync_errors e WHERE e.source_table = w.source_table AND e.resolved_at IS NULL)
)::text AS report
FROM :"schema".sync_watermarks w
ORDER BY w.source_table;
