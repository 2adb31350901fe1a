-- Owner: crate firn-postgres (state/lease.rs).
-- Asks for the lease of a table. It is granted where nobody holds it, where it has expired by the clock of this
-- server, where the asker holds it already, or where the named holder, known to be dead, does. A grant opens the log
-- row of the run and ends those that dead runs left open.
-- Parameters: schema; source; run_id; host, pid, nonce: the asker; ttl: milliseconds; floor: an epoch the new one must
--   exceed; dead_host, dead_pid, dead_nonce: the dead holder or NULL; unguarded: true only in tests of the tests.
-- Result: one row with the epoch where granted, then one row that tells who holds the lease.
WITH granted AS (
    INSERT INTO :"schema".sync_watermarks AS w
        (source_table, last_status, lease_host, lease_pid, lease_nonce, lease_since, lease_expires, lease_epoch)
    VALUES (:'source', 'running', :'host', :'pid'::int8, :'nonce', clock_timestamp(),
        clock_timestamp() + :'ttl'::int8 * interval '1 millisecond', :'floor'::int8 + 1)
    ON CONFLICT (source_table) DO UPDATE SET
        last_status = 'running',
        lease_host = EXCLUDED.lease_host,
        lease_pid = EXCLUDED.lease_pid,
        lease_nonce = EXCLUDED.lease_nonce,
        lease_since = clock_timestamp(),
        lease_expires = clock_timestamp() + :'ttl'::int8 * interval '1 millisecond',
        lease_epoch = greatest(w.lease_epoch, :'floor'::int8) + 1
    WHERE w.lease_host IS NULL
        OR w.lease_expires IS NULL
        OR w.lease_expires <= clock_timestamp()
        OR (w.lease_host, w.lease_pid, w.lease_nonce) = (:'host', :'pid'::int8, :'nonce')
        OR (w.lease_host, w.lease_pid, w.lease_nonce) = (:'dead_host'::text, :'dead_pid'::int8, :'dead_nonce'::text)
        OR :'unguarded'::boolean
    RETURNING source_table, lease_epoch
), interrupted AS (
    UPDATE :"schema".sync_logs l
    SET status = 'error', finished_at = clock_timestamp(), message = 'interrupted: the run ended without a report'
    FROM granted
    WHERE l.source_table = granted.source_table AND l.finished_at IS NULL AND l.run_id <> :'run_id'
), opened AS (
    INSERT INTO :"schema".sync_logs (run_id, source_table, started_at, status)
    SELECT :'run_id', source_table, clock_timestamp(), 'running' FROM granted
    ON CONFLICT (run_id, source_table) DO UPDATE SET finished_at = NULL, status = 'running', message = NULL
)
SELECT lease_epoch AS epoch, NULL::text AS held FROM granted;
-- A lease that lasts longer than one can was granted before the clock was set back. Its holder, if he lives, renews it.
UPDATE :"schema".sync_watermarks
SET lease_expires = clock_timestamp() + 2 * :'ttl'::int8 * interval '1 millisecond'
WHERE source_table = :'source' AND lease_host IS NOT NULL
    AND lease_expires > clock_timestamp() + 2 * :'ttl'::int8 * interval '1 millisecond';
SELECT NULL::int8 AS epoch, json_build_object(
    'host', lease_host,
    'pid', lease_pid,
    'nonce', lease_nonce,
    'since', to_char(lease_since AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
    'expires_in', (extract(epoch FROM lease_expires - clock_timestamp()) * 1000)::int8
)::text AS held
FROM :"schema".sync_watermarks
WHERE source_table = :'source' AND lease_host IS NOT NULL;
