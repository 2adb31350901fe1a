-- Owner: crate firn-postgres (state/schema.rs).
-- Looks whether the state tables are there in the version of this program, and drops what has expired: payloads and
-- resolved entries after 30 days, log rows after 90.
-- Parameters: schema; workspace: the quoted name of its table sync_workspace.
-- Result: one row; then an error of class 42 where a table or column is missing.
SELECT
    coalesce(obj_description(to_regclass(:'workspace'), 'pg_class') = 'Firn state tables, version 1', false) AS current;
UPDATE :"schema".sync_errors SET payload = NULL
    WHERE payload IS NOT NULL AND occurred_at < now() - interval '30 days';
DELETE FROM :"schema".sync_errors WHERE resolved_at < now() - interval '30 days';
DELETE FROM :"schema".sync_logs WHERE started_at < now() - interval '90 days';
