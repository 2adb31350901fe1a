-- Owner: crate firn-postgres (check.rs).
-- Asks what a connection may and can do.
-- Parameters: schema: the schema of the state tables, or NULL where none are kept here.
-- Result: one row; the column `answer` is a JSON object.
SELECT json_build_object(
    'version', current_setting('server_version_num')::int,
    'version_text', current_setting('server_version'),
    'user', current_user,
    'database', current_database(),
    'encrypted', (SELECT s.ssl FROM pg_catalog.pg_stat_ssl s WHERE s.pid = pg_backend_pid()),
    'standby', pg_is_in_recovery(),
    'read_only', current_setting('default_transaction_read_only')::bool,
    'now', (extract(epoch FROM clock_timestamp()) * 1000000)::int8,
    'sees_sessions', pg_has_role('pg_read_all_stats', 'USAGE'),
    'tables', (
        SELECT count(*) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'),
    'readable', (
        SELECT count(*) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
            AND has_schema_privilege(n.oid, 'USAGE') AND has_any_column_privilege(c.oid, 'SELECT')),
    'schema', (
        SELECT json_build_object(
            'usage', has_schema_privilege(n.oid, 'USAGE'),
            'create', has_schema_privilege(n.oid, 'CREATE'),
            'made', (SELECT count(*) FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid
                AND c.relname IN ('sync_watermarks', 'sync_errors', 'sync_logs', 'sync_workspace')),
            'writable', (SELECT count(*) FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid
                AND c.relname IN ('sync_watermarks', 'sync_errors', 'sync_logs', 'sync_workspace')
                AND has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')
                AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE')))
        FROM pg_catalog.pg_namespace n WHERE n.nspname = :'schema'::text),
    'may_create_schema', has_database_privilege(current_database(), 'CREATE'),
    'oldest', (
        SELECT extract(epoch FROM clock_timestamp() - min(a.xact_start))::int8
        FROM pg_catalog.pg_stat_activity a WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()
            AND a.usesysid IS NOT NULL),
    'prepared', (
        SELECT coalesce(json_agg(json_build_object('gid', gid, 'owner', owner,
            'age', extract(epoch FROM clock_timestamp() - prepared)::int8) ORDER BY prepared), '[]')
        FROM pg_catalog.pg_prepared_xacts WHERE database = current_database())
)::text AS answer
