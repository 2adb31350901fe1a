-- Owner: crate firn-postgres (state/report.rs).
-- Ends the log row of work that was no run, such as a comparison, and gives the lease up: one statement, and only where
-- the lease of this epoch is still the caller's. What the last run reported stays. end_log.sql follows as its second half.
-- Parameters: schema; source; epoch; status: what stood there before the lease was granted; those of end_log.sql.
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
