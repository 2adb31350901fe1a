-- Owner: crate firn-postgres (types.rs).
-- Describes types and every type below them: what a domain stands over, what an array, a range or a row holds.
-- Parameters: oids: an array literal of type OIDs.
-- Result: one row; the column `types` is a JSON array of objects, `money_digits` the digits after the point of the
--   server's money, where money is among the types.
WITH RECURSIVE closure (oid) AS (
    SELECT unnest(:'oids'::oid[])
    UNION
    SELECT below.oid
    FROM closure
    JOIN pg_catalog.pg_type t ON t.oid = closure.oid
    CROSS JOIN LATERAL (
        SELECT CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.typelem END
        WHERE t.typtype = 'd' OR t.typelem <> 0
        UNION ALL
        SELECT a.atttypid FROM pg_catalog.pg_attribute a
        WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
        UNION ALL
        -- Version 13 has no multiranges, and no such column.
        SELECT r.rngsubtype FROM pg_catalog.pg_range r
        WHERE t.typtype IN ('r', 'm') AND t.oid IN (r.rngtypid, (to_jsonb(r) ->> 'rngmultitypid')::oid)
    ) AS below (oid)
)
SELECT coalesce(json_agg(json_build_object(
    'oid', t.oid::int8,
    'schema', n.nspname,
    'name', t.typname,
    'printed', pg_catalog.format_type(t.oid, NULL),
    'kind', t.typtype,
    'base', t.typbasetype::int8,
    'typmod', t.typtypmod,
    'dimensions', t.typndims,
    'not_null', t.typnotnull,
    -- int2vector and its like have elements, too, without being the array type of their element.
    'element', CASE WHEN element.typarray = t.oid THEN t.typelem::int8 END,
    'bound', (
        SELECT r.rngsubtype::int8 FROM pg_catalog.pg_range r
        WHERE t.typtype IN ('r', 'm') AND t.oid IN (r.rngtypid, (to_jsonb(r) ->> 'rngmultitypid')::oid)),
    'attributes', (
        SELECT json_agg(json_build_object(
            'name', a.attname,
            'type', a.atttypid::int8,
            'typmod', a.atttypmod,
            'dimensions', a.attndims
        ) ORDER BY a.attnum)
        FROM pg_catalog.pg_attribute a
        WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped),
    'extension', (
        SELECT e.extname
        FROM pg_catalog.pg_depend d
        JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
        WHERE d.classid = 'pg_catalog.pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e'
            AND d.refclassid = 'pg_catalog.pg_extension'::regclass)
)), '[]')::text AS types,
CASE WHEN bool_or(t.oid = 'pg_catalog.money'::regtype) THEN scale('0'::money::numeric) END AS money_digits
FROM closure
JOIN pg_catalog.pg_type t ON t.oid = closure.oid
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_type element ON element.oid = t.typelem
