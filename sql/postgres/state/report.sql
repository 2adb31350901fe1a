-- Owner: crate firn-postgres (state/report.rs).
-- Reports where a table stands, ends the log row of the run and gives the lease up: one statement, and only where the
-- lease of this epoch is still the reporter's. end_log.sql follows as its second half.
-- Parameters: schema; source; epoch; watermark: a timestamp or NULL; cursor_watermark, cursor_key; status; error;
--   rows; those of end_log.sql.
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
