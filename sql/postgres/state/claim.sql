-- Owner: crate firn-postgres (state/claim.rs).
-- Claims a schema for a workspace, where nobody has.
-- Parameters: schema; target_id, target_location, folder: the workspace.
-- Result: one row: whose the schema is.
INSERT INTO :"schema".sync_workspace (target_id, target_location, folder)
    VALUES (:'target_id', :'target_location', :'folder')
    ON CONFLICT (only_row) DO NOTHING;
SELECT target_id, target_location, folder FROM :"schema".sync_workspace;
