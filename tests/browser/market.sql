-- A market of many tables: names that are long, right to left, or look like HTML; one of 276 columns; a row that is rejected.
CREATE TABLE public.customers (
    id         integer PRIMARY KEY,
    name       text NOT NULL,
    note       text,
    credit     numeric(12, 2) NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO public.customers
SELECT i, 'customer ' || i, NULL, i * 1.25, '2026-11-20 08:00+00'::timestamptz + i * interval '1 second'
FROM generate_series(1, 400) AS i;
UPDATE public.customers SET credit = 'NaN', name = '<img src="x" onerror="window.firnHtml = true">', note = '  '
WHERE id = 131;
UPDATE public.customers SET note = '<script>window.firnHtml = true</script>' WHERE id = 7;
CREATE INDEX ON public.customers (updated_at, id);

DO $$
DECLARE
    named text[] := ARRAY[
        'مبيعات_المنطقة_الشرقية', 'הזמנות לקוחות', '<b onclick="firnHtml=1">bold</b>',
        'a_table_whose_name_is_as_long_as_postgresql_lets_a_name_become_1'];
    name text;
    columns text;
BEGIN
    FOR i IN 1 .. 194 LOOP
        named := named || format('part_%s', lpad(i::text, 3, '0'));
    END LOOP;
    FOREACH name IN ARRAY named LOOP
        EXECUTE format(
            'CREATE TABLE public.%I (id integer PRIMARY KEY, label text, updated_at timestamptz NOT NULL DEFAULT now())', name);
        EXECUTE format('INSERT INTO public.%I (id, label) SELECT i, ''row '' || i FROM generate_series(1, 5) AS i', name);
    END LOOP;
    SELECT string_agg(
        format('%I %s', CASE WHEN n % 50 = 3 THEN 'عمود ' || n WHEN n % 50 = 7
            THEN 'a column with a name that is long enough to be cut off ' || n ELSE 'column ' || n END,
            CASE WHEN n % 40 = 7 THEN 'pg_snapshot' WHEN n % 3 = 0 THEN 'numeric(18,4) DEFAULT 1.5' ELSE 'text DEFAULT ''x''' END),
        ', ' ORDER BY n)
    INTO columns FROM generate_series(1, 274) AS n;
    EXECUTE 'CREATE TABLE public.wide (id integer PRIMARY KEY, updated_at timestamptz NOT NULL DEFAULT now(), ' || columns || ')';
END
$$;
INSERT INTO public.wide (id) SELECT generate_series(1, 300);
CREATE INDEX ON public.wide (updated_at, id);
ANALYZE;
