-- Owner: crate firn-postgres (state/report.rs).
-- Reports where a table stands, ends the log row of the run and gives the lease up: one statement, and only where the
-- lease of this epoch is still the reporter's.
-- Parameters: schema; source; epoch; watermark: a timestamp or NULL; cursor_watermark, cursor_key; status; error;
--   rows; run_id; log_status; read, merged, rejected; message.
-- Result: none.
WITH ours AS (
    UPDATE :"schema".sync_watermarks
    -- A run that failed before it knew where the table stands does not wipe out what is known.
    SET last_watermark = CASE WHEN :'cursor_watermark'::text IS NULL AND :'status' IN ('error', 'cancelled')
            THEN last_watermark ELSE :'watermark'::timestamp END,
        cursor_watermark = CASE WHEN :'cursor_watermark'::text IS NULL AND :'status' IN ('error', 'cancelled')
            THEN cursor_watermark ELSE :'cursor_watermark'::text END,
        cursor_key = CASE WHEN :'cursor_watermark'::text IS NULL AND :'status' IN ('error', 'cancelled')
            THEN cursor_key ELSE :'cursor_key'::text END,
        last_run = clock_timestamp() AT TIME ZONE 'UTC',
        last_status = :'status',
        last_error = :'error',
        rows_processed = least(greatest(:'rows'::int8, 0), 2147483647)::int,
        lease_host = NULL,
        lease_pid = NULL,
        lease_nonce = NULL,
        lease_since = NULL,
        lease_expires = NULL
    WHERE source_table = :'source' AND lease_epoch = :'epoch'::int8
    RETURNING source_table
)
INSERT INTO :"schema".sync_logs AS l
    (run_id, source_table, started_at, finished_at, status, rows_read, rows_merged, rows_rejected, message)
SELECT :'run_id', source_table, clock_timestamp(), clock_timestamp(), :'log_status', :'read'::int8, :'merged'::int8,
    :'rejected'::int8, :'message'
FROM ours
ON CONFLICT (run_id, source_table) DO UPDATE SET
    finished_at = EXCLUDED.finished_at,
    status = EXCLUDED.status,
    rows_read = EXCLUDED.rows_read,
    rows_merged = EXCLUDED.rows_merged,
    rows_rejected = EXCLUDED.rows_rejected,
    message = EXCLUDED.message;
