-- Owner: crate firn-postgres (load.rs).
-- Describes the columns of a table that rows are copied into, as the transaction at hand sees it.
-- Parameters: relation: the quoted name of the table.
-- Result: one row; the column `columns` is a JSON array of objects in the order of the table, NULL where there is no table.
SELECT CASE WHEN to_regclass(:'relation') IS NOT NULL THEN (
    SELECT coalesce(json_agg(json_build_object(
        'name', a.attname,
        'type', a.atttypid::int8,
        'typmod', a.atttypmod,
        'dimensions', a.attndims,
        'printed', pg_catalog.format_type(a.atttypid, a.atttypmod),
        'generated', a.attgenerated <> ''
    ) ORDER BY a.attnum), '[]')
    FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = to_regclass(:'relation') AND a.attnum > 0 AND NOT a.attisdropped
) END::text AS columns
