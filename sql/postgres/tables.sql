-- Owner: crate firn-postgres (introspect.rs, discover.rs).
-- Describes some relations, or every relation of a schema that the role may read.
-- Parameters: relations: an array of quoted names as to_regclass reads them, or NULL for all; schema: a schema's name, or NULL for
--   all but the system's. A partition is described only by its own name, an extension's table likewise.
-- Result: one row a relation, ordered by schema and name; the column `described` is a JSON object.
SELECT json_build_object(
    'version', current_setting('server_version_num')::int,
    'oid', c.oid::int8,
    'schema', n.nspname,
    'name', c.relname,
    'kind', c.relkind,
    'heap', coalesce(am.amname = 'heap', false),
    'inherited', c.relkind = 'r' AND EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhparent = c.oid),
    'child', c.relkind = 'r' AND NOT c.relispartition
        AND EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid),
    'foreign_leaf', leaves.has_foreign,
    'readable', pg_catalog.has_any_column_privilege(c.oid, 'SELECT'),
    'row_security', pg_catalog.row_security_active(c.oid),
    'filenode', pg_catalog.pg_relation_filenode(c.oid)::int8,
    'pages', CASE WHEN c.relkind IN ('r', 'm')
        THEN pg_catalog.pg_relation_size(c.oid, 'main') / current_setting('block_size')::int8 ELSE 0 END,
    'bytes', CASE WHEN c.relkind IN ('r', 'm') THEN pg_catalog.pg_table_size(c.oid) ELSE leaves.bytes END,
    'estimated_rows', CASE
        WHEN c.relkind = 'p' THEN leaves.estimated_rows
        -- Before version 14 a table that was never analysed says 0 rows on 0 pages.
        WHEN c.reltuples = 0 AND c.relpages = 0 THEN -1
        ELSE c.reltuples::int8 END,
    'columns', (
        SELECT json_agg(json_build_object(
            'number', a.attnum,
            'name', a.attname,
            'type', a.atttypid::int8,
            'typmod', a.atttypmod,
            'dimensions', a.attndims,
            'generated', a.attgenerated <> '',
            'identity', a.attidentity <> '',
            -- A constraint that was added without looking at the rows (version 18) promises nothing about them.
            'not_null', a.attnotnull AND NOT EXISTS (
                SELECT FROM pg_catalog.pg_constraint k
                WHERE k.conrelid = c.oid AND k.contype = 'n' AND NOT k.convalidated AND a.attnum = ANY (k.conkey)),
            'default', pg_catalog.pg_get_expr(d.adbin, d.adrelid)
        ) ORDER BY a.attnum)
        FROM pg_catalog.pg_attribute a
        LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
    'indexes', (
        SELECT json_agg(json_build_object(
            'primary', i.indisprimary,
            'unique', i.indisunique AND i.indimmediate,
            'btree', im.amname = 'btree',
            'plain', i.indpred IS NULL AND i.indexprs IS NULL,
            -- An expression stands here as 0; columns that are only included do not belong to the key.
            'columns', (SELECT json_agg(k.number ORDER BY k.place)
                FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k (number, place) WHERE k.place <= i.indnkeyatts)
        ) ORDER BY i.indexrelid)
        FROM pg_catalog.pg_index i
        JOIN pg_catalog.pg_class ic ON ic.oid = i.indexrelid
        JOIN pg_catalog.pg_am im ON im.oid = ic.relam
        WHERE i.indrelid = c.oid AND i.indisvalid AND i.indisready AND i.indislive),
    'triggers', (
        -- Texts of row triggers that run before a row is written: a column named there may be set by them.
        SELECT json_agg(p.prosrc || ' ' || encode(t.tgargs, 'escape'))
        FROM pg_catalog.pg_trigger t
        JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
        WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgenabled <> 'D'
            -- Bits of tgtype: 1 for each row, 2 before, 16 on update.
            AND t.tgtype::int & 19 = 19)
)::text AS described
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam
LEFT JOIN LATERAL (
    SELECT
        coalesce(sum(pg_catalog.pg_table_size(l.oid)) FILTER (WHERE l.relkind = 'r'), 0)::int8 AS bytes,
        CASE WHEN bool_or(l.reltuples < 0) THEN -1 ELSE coalesce(sum(l.reltuples), 0)::int8 END AS estimated_rows,
        coalesce(bool_or(l.relkind = 'f'), false) AS has_foreign
    FROM pg_catalog.pg_partition_tree(c.oid) p
    JOIN pg_catalog.pg_class l ON l.oid = p.relid
    WHERE p.isleaf AND c.relkind = 'p'
) leaves ON true
WHERE (:'relations'::text[] IS NOT NULL AND c.oid = ANY (ARRAY(
        SELECT pg_catalog.to_regclass(asked.name)::oid FROM unnest(:'relations'::text[]) AS asked (name))))
    OR (:'relations'::text[] IS NULL
        AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
        AND NOT c.relispartition
        AND (n.nspname = :'schema'::text
            OR :'schema'::text IS NULL AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_')
        AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
        AND pg_catalog.has_any_column_privilege(c.oid, 'SELECT')
        AND NOT EXISTS (
            SELECT FROM pg_catalog.pg_depend e
            WHERE e.classid = 'pg_catalog.pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e'))
ORDER BY n.nspname, c.relname
