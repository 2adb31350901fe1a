-- Owner: crate firn-postgres (state/schema.rs).
-- Looks whether the state tables are there in the version of this program and, at most once an hour, drops what has
-- expired: payloads and closed entries of rejected rows after some days, log rows after 90.
-- Parameters: schema; workspace: the quoted name of its table sync_workspace; days.
-- Result: one row; or an error of class 42 where a table or column is missing.
WITH due AS (
    -- Of runs that begin at once one tidies: it holds the row, and the others find it done.
    UPDATE :"schema".sync_workspace SET tidied_at = now()
    WHERE tidied_at IS NULL OR tidied_at < now() - interval '1 hour'
    RETURNING tidied_at
), payloads AS (
    UPDATE :"schema".sync_errors SET payload = NULL, payload_columns = NULL
    WHERE (SELECT count(*) FROM due) > 0
        AND payload IS NOT NULL
        AND occurred_at < now() - :'days'::int * interval '1 day'
        AND (resolved_at IS NULL OR resolved_at >= now() - :'days'::int * interval '1 day')
), closed AS (
    DELETE FROM :"schema".sync_errors
    WHERE (SELECT count(*) FROM due) > 0 AND resolved_at < now() - :'days'::int * interval '1 day'
), logs AS (
    DELETE FROM :"schema".sync_logs
    WHERE (SELECT count(*) FROM due) > 0 AND started_at < now() - interval '90 days'
)
SELECT coalesce(obj_description(to_regclass(:'workspace'), 'pg_class') = 'Firn state tables, version 3', false) AS current;
