-- Owner: crate firn-postgres (state/report.rs).
-- Ends the log row of work that was no run, such as a comparison, and gives the lease up: one statement, and only where
-- the lease of this epoch is still the caller's. What the last run reported stays.
-- Parameters: schema; source; epoch; status: what stood there before the lease was granted; run_id; log_status; read,
--   merged, rejected; message.
-- Result: none.
WITH ours AS (
    UPDATE :"schema".sync_watermarks
    SET last_status = :'status',
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
