-- Owner: crate firn-postgres (types.rs).
-- Describes types and every type below them: what a domain stands over, what an array holds.
-- Parameters: oids: an array literal of type OIDs.
-- Result: one row; the column `types` is a JSON array of objects.
WITH RECURSIVE closure (oid) AS (
    SELECT unnest(:'oids'::oid[])
    UNION
    SELECT CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.typelem END
    FROM closure
    JOIN pg_catalog.pg_type t ON t.oid = closure.oid
    WHERE t.typtype = 'd' OR t.typelem <> 0
)
SELECT coalesce(json_agg(json_build_object(
    'oid', t.oid::int8,
    'schema', n.nspname,
    'name', t.typname,
    'printed', pg_catalog.format_type(t.oid, NULL),
    'kind', t.typtype,
    'base', t.typbasetype::int8,
    'typmod', t.typtypmod,
    'not_null', t.typnotnull,
    -- int2vector and its like have elements, too, without being the array type of their element.
    'element', CASE WHEN element.typarray = t.oid THEN t.typelem::int8 END
)), '[]')::text AS types
FROM closure
JOIN pg_catalog.pg_type t ON t.oid = closure.oid
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_type element ON element.oid = t.typelem
