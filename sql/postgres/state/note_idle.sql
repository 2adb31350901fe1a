-- Owner: crate firn-postgres (state/report.rs).
-- Reports that runs had nothing to do: of tables whose lease is free and has not been held since an epoch, and whose
-- last run ended well. Any other is left as it is.
-- Parameters: schema; tables: a JSON array of {source, epoch}; run_id; took: milliseconds; logged: whether each gets a row
--   in sync_logs.
-- Result: a row for each table reported.
WITH asked AS (
    SELECT source, epoch FROM json_to_recordset(:'tables'::json) AS t (source text, epoch int8)
), noted AS (
    UPDATE :"schema".sync_watermarks w
    SET last_run = clock_timestamp() AT TIME ZONE 'UTC', last_status = 'idle', last_error = NULL, rows_processed = 0
    FROM asked
    WHERE w.source_table = asked.source
        AND w.lease_epoch = asked.epoch
        AND w.last_status IN ('idle', 'success')
        AND (w.lease_host IS NULL OR w.lease_expires IS NULL OR w.lease_expires <= clock_timestamp())
    RETURNING w.source_table
), logged AS (
    INSERT INTO :"schema".sync_logs
        (run_id, source_table, started_at, finished_at, status, rows_read, rows_merged, rows_rejected)
    SELECT :'run_id', source_table, clock_timestamp() - :'took'::int8 * interval '1 millisecond', clock_timestamp(),
        'idle', 0, 0, 0
    FROM noted
    WHERE :'logged'::boolean
    ON CONFLICT (run_id, source_table) DO NOTHING
)
SELECT source_table AS source FROM noted;
