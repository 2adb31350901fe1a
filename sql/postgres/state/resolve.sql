-- Owner: crate firn-postgres (state/reject.rs).
-- Closes open entries by their keys.
-- Parameters: schema; source; digests: a JSON array of the keys' digests; by; note: NULL where the rows were merged.
-- Result: none.
UPDATE :"schema".sync_errors SET resolved_at = clock_timestamp(), resolved_by = :'by', note = :'note'
WHERE source_table = :'source'
    AND resolved_at IS NULL
    AND pk_digest IN (SELECT json_array_elements_text(:'digests'::json));
