-- Owner: crate firn-postgres (state/reject.rs).
-- Closes open entries that a person has done with.
-- Parameters: schema; sources: a JSON array of tables, empty for all; ids: a JSON array, empty for all; by; note.
-- Result: the id of each entry closed.
UPDATE :"schema".sync_errors SET resolved_at = clock_timestamp(), resolved_by = :'by', note = :'note'
WHERE resolved_at IS NULL
    AND (:'sources'::jsonb = '[]' OR :'sources'::jsonb ? source_table)
    AND (:'ids'::jsonb = '[]' OR id IN (SELECT jsonb_array_elements_text(:'ids'::jsonb)::int8))
RETURNING id;
