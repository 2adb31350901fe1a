-- Owner: crate firn-postgres (state/reject.rs).
-- Keeps rejected rows: one open entry a table and key, met again it counts.
-- Parameters: schema; source; run_id; rows: a JSON array of {pk, pk_text, digest, payload, columns, code, column,
--   error, times}.
-- Result: none.
INSERT INTO :"schema".sync_errors AS e
    (source_table, occurred_at, first_met, run_id, pk, pk_text, pk_digest, payload, payload_columns, error_code, error_column,
    error, attempts)
SELECT :'source', clock_timestamp(), clock_timestamp(), :'run_id', pk, pk_text, digest, nullif(payload, 'null'), nullif(columns, 'null'),
    code, "column", error, times
FROM jsonb_to_recordset(:'rows'::jsonb)
    AS r (pk jsonb, pk_text text, digest text, payload jsonb, columns jsonb, code text, "column" text, error text, times int)
ON CONFLICT (source_table, pk_digest) WHERE resolved_at IS NULL DO UPDATE SET
    occurred_at = EXCLUDED.occurred_at,
    run_id = EXCLUDED.run_id,
    payload = EXCLUDED.payload,
    payload_columns = EXCLUDED.payload_columns,
    error_code = EXCLUDED.error_code,
    error_column = EXCLUDED.error_column,
    error = EXCLUDED.error,
    attempts = least(e.attempts::int8 + EXCLUDED.attempts, 2147483647)::int;
