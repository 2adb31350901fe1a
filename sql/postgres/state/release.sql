-- Owner: crate firn-postgres (state/lease.rs).
-- Gives a lease up, where it is still the asker's. The epoch stays.
-- Parameters: schema; source; epoch; host, pid, nonce: the asker.
-- Result: none.
UPDATE :"schema".sync_watermarks
SET lease_host = NULL, lease_pid = NULL, lease_nonce = NULL, lease_since = NULL, lease_expires = NULL
WHERE source_table = :'source'
    AND lease_epoch = :'epoch'::int8
    AND (lease_host, lease_pid, lease_nonce) = (:'host', :'pid'::int8, :'nonce');
