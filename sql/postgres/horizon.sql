-- Owner: crate firn-postgres (horizon.rs).
-- Finds out which transactions may still write rows with an early watermark. Catalogs only, no data.
-- Parameters: reader: the application name of sessions that only read; relations: an array of quoted names.
-- Result: three rows in this order, which matters. The clock is read before the sessions: whoever is not among them
--   begins later. Prepared transactions are read after the sessions: one that was still among the sessions counts
--   there, one that was prepared in between appears here.
SELECT json_build_object(
    'now', (extract(epoch FROM clock_timestamp()) * 1000000)::int8,
    'standby', pg_is_in_recovery(),
    'replayed', (extract(epoch FROM pg_last_xact_replay_timestamp()) * 1000000)::int8,
    'subscribed', (
        SELECT coalesce(json_agg(asked.name), '[]')
        FROM unnest(:'relations'::text[]) AS asked (name)
        JOIN pg_catalog.pg_subscription_rel s ON s.srrelid = pg_catalog.to_regclass(asked.name)),
    -- The server's own zone is not to be seen from a session that has set one; those of its log file and of the
    -- settings of roles and databases are. Half a year later is the other side of daylight saving.
    'offset', (
        SELECT min(extract(epoch FROM (moment AT TIME ZONE zone) - (moment AT TIME ZONE 'UTC')))::int8 * 1000000
        FROM (
            SELECT current_setting('log_timezone') AS zone
            UNION
            SELECT split_part(setting, '=', 2)
            FROM pg_catalog.pg_db_role_setting r, unnest(r.setconfig) setting
            WHERE lower(split_part(setting, '=', 1)) = 'timezone'
                AND r.setdatabase IN (0, (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()))
        ) zones, (VALUES (clock_timestamp()), (clock_timestamp() + '182 days')) moments (moment))
)::text AS answer;

WITH database AS MATERIALIZED (
    SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()
), marked AS (
    -- The read-only transactions of Firn, by the lock that marks them.
    SELECT l.pid
    FROM pg_catalog.pg_locks l, database
    WHERE l.locktype = 'advisory' AND l.database = database.oid AND l.granted
        AND (l.classid::int8, l.objid::int8, l.objsubid) = (1181315694, 1, 2)
), session AS MATERIALIZED (
    SELECT a.*
    FROM pg_catalog.pg_stat_activity a, database
    WHERE a.pid <> pg_backend_pid()
        AND a.datid = database.oid
        -- A session without a user is autovacuum's: it writes no rows, and it may take hours.
        AND a.usesysid IS NOT NULL
        -- A session of that name may have come to somebody who writes; the lock belongs to the transaction.
        AND NOT (a.application_name = :'reader' AND a.backend_xid IS NULL AND a.pid IN (SELECT pid FROM marked))
), seen AS MATERIALIZED (
    SELECT
        -- A statement that has just arrived is shown before its transaction is.
        min(CASE WHEN xact_start IS NOT NULL THEN xact_start
            WHEN state IN ('active', 'fastpath function call') THEN query_start END) AS oldest,
        -- Without the right to see it, or with track_activities off, a session shows no times.
        coalesce(bool_or(backend_type IS NULL OR state = 'disabled'), false) AS hidden
    FROM session
)
SELECT json_build_object(
    'oldest', (extract(epoch FROM seen.oldest) * 1000000)::int8,
    'hidden', seen.hidden,
    'transactions', CASE WHEN seen.hidden THEN (
        SELECT coalesce(json_agg(l.virtualtransaction), '[]')
        FROM pg_catalog.pg_locks l
        LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
        WHERE l.locktype = 'virtualxid'
            AND l.mode = 'ExclusiveLock'
            AND l.pid <> pg_backend_pid()
            AND (a.pid IS NULL OR NOT (
                a.datid <> (SELECT oid FROM database)
                OR a.datid IS NOT NULL AND a.usesysid IS NULL
                OR a.application_name = :'reader' AND a.backend_xid IS NULL
                    AND a.pid IN (SELECT pid FROM marked))))
        ELSE '[]' END
)::text AS answer
FROM seen;

SELECT coalesce(json_agg(json_build_object(
    'gid', gid,
    'owner', owner,
    'age', extract(epoch FROM clock_timestamp() - prepared)::int8
) ORDER BY prepared), '[]')::text AS answer
FROM pg_catalog.pg_prepared_xacts
WHERE database = current_database()
