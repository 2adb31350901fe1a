-- Owner: crate firn-postgres (state/reject.rs).
-- Marks open entries as resolved.
-- Parameters: schema; source; digests: a JSON array of the keys' digests.
-- Result: none.
UPDATE :"schema".sync_errors SET resolved_at = clock_timestamp()
WHERE source_table = :'source'
    AND resolved_at IS NULL
    AND pk_digest IN (SELECT json_array_elements_text(:'digests'::json));
