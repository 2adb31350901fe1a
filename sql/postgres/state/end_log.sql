-- Owner: crate firn-postgres (state/report.rs).
-- Ends the log row of a piece of work: the second half of report.sql and of conclude.sql, whose first half, `ours`, names
-- the table where its lease is still the caller's.
-- Parameters: schema; run_id; log_status; read, merged, rejected; message.
-- Result: none.
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
