-- owner: tests/bench. Parameters: :rows. Result: table wide, :rows × 276 columns of eight types, the same each time:
-- a key and 275 columns, one value in twelve NULL.
DROP TABLE IF EXISTS wide;
DO $$
DECLARE
    kinds text[] := '{int8,float8,text,numeric,timestamptz,bool,date,int4,text,float8,int8}';
    definitions text := '';
    expressions text := '';
    kind text;
    value text;
BEGIN
    FOR c IN 0..274 LOOP
        kind := kinds[c % 11 + 1];
        value := CASE kind
            WHEN 'int8' THEN format('hashint8(n + %s)::bigint * 251', c)
            WHEN 'int4' THEN format('abs(hashint8(n + %s)) %% 10000', c)
            WHEN 'float8' THEN format('hashint8(n * 3 + %s) / 10000.0::float8', c)
            WHEN 'numeric' THEN format('(hashint8(n * 5 + %s) / 100.0)::numeric(18,4)', c)
            WHEN 'text' THEN format('CASE abs(hashint8(n + %s)) %% 11 WHEN 4 THEN '''' WHEN 7 THEN ''naïve café '' || n %% 1000 ELSE ''value '' || abs(hashint8(n * 7 + %s)) %% 1000 END', c, c)
            WHEN 'timestamptz' THEN format('timestamptz ''2020-09-13 00:00:00+00'' + make_interval(secs => abs(hashint8(n + %s)) %% 100000000 + 0.25)', c)
            WHEN 'bool' THEN format('hashint8(n + %s) %% 2 = 0', c)
            WHEN 'date' THEN format('date ''2011-01-25'' + abs(hashint8(n + %s)) %% 5000', c)
        END;
        definitions := definitions || format(', c%s_%s %s', c, kind, CASE kind WHEN 'numeric' THEN 'numeric(18,4)' ELSE kind END);
        expressions := expressions || format(', CASE WHEN abs(hashint8(n * 11 + %s)) %% 12 > 0 THEN %s END', c, value);
    END LOOP;
    EXECUTE format('CREATE UNLOGGED TABLE wide (id bigint PRIMARY KEY%s)', definitions);
    EXECUTE format('INSERT INTO wide SELECT n%s FROM generate_series(1, :rows::bigint) AS n', expressions);
END $$;
VACUUM ANALYZE wide;
