-- Owner: crate firn-postgres (state/lease.rs).
-- Extends leases that are still the asker's, also those that have expired and that nobody has taken.
-- Parameters: schema; leases: a JSON array of {source, epoch}; host, pid, nonce: the asker; ttl: milliseconds.
-- Result: a row for each lease that is the asker's no longer.
WITH wanted AS (
    SELECT source, epoch FROM json_to_recordset(:'leases'::json) AS t (source text, epoch int8)
), renewed AS (
    UPDATE :"schema".sync_watermarks w
    SET lease_expires = clock_timestamp() + :'ttl'::int8 * interval '1 millisecond'
    FROM wanted
    WHERE w.source_table = wanted.source
        AND w.lease_epoch = wanted.epoch
        AND (w.lease_host, w.lease_pid, w.lease_nonce) = (:'host', :'pid'::int8, :'nonce')
    RETURNING w.source_table
)
SELECT source FROM wanted WHERE NOT EXISTS (SELECT FROM renewed WHERE renewed.source_table = wanted.source);
