-- What the window's test finds in its source: a small table with one row that no warehouse takes, a long one whose
-- load can be cancelled, one without a key.
CREATE TABLE public.customers (
    id         bigint PRIMARY KEY,
    name       text NOT NULL,
    email      varchar(320) NOT NULL,
    phone      text,
    nickname   text,
    credit     numeric(12, 2) NOT NULL,
    tags       text[] NOT NULL,
    seen_from  pg_snapshot,
    updated_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO public.customers
SELECT n, 'Customer ' || n, 'c' || n || '@example.com', CASE WHEN n % 3 = 0 THEN '+49 30 ' || n END, 'nick ' || n,
       n * 1.25, ARRAY['a', 'b'], NULL, timestamptz '2026-01-01 00:00:00+00' + n * interval '1 minute'
FROM generate_series(1, 2000) AS n;
UPDATE public.customers SET credit = 'NaN', phone = '', nickname = '  two blanks ' WHERE id = 1313;
CREATE INDEX ON public.customers (updated_at, id);

CREATE TABLE public.readings (
    id         bigint PRIMARY KEY,
    meter      integer NOT NULL,
    value      double precision NOT NULL,
    remark     text NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO public.readings
SELECT n, n % 977, sqrt(n), 'reading number ' || n || ' ' || md5(n::text),
       timestamptz '2026-01-01 00:00:00+00' + n * interval '1 second'
FROM generate_series(1, 1500000) AS n;
CREATE INDEX ON public.readings (updated_at, id);

CREATE TABLE public.journal (at timestamptz NOT NULL DEFAULT now(), line text NOT NULL);
INSERT INTO public.journal (line) VALUES ('no key leads to this row');

CREATE TABLE public.countries (code char(2) PRIMARY KEY, name text NOT NULL, updated_at timestamptz NOT NULL DEFAULT now());
INSERT INTO public.countries (code, name) VALUES ('de', 'Germany'), ('fr', 'France'), ('pt', 'Portugal');

ANALYZE;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO etl;
GRANT USAGE, CREATE ON SCHEMA public TO etl;
GRANT CREATE ON DATABASE shop TO etl;
