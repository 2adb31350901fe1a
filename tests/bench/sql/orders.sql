-- owner: tests/bench. Parameters: :rows. Result: table orders, :rows × 16 columns of mixed types, the same each time.
-- Some rows share a watermark; NULLs, empty strings and both number forms occur.
DROP TABLE IF EXISTS orders;
CREATE UNLOGGED TABLE orders (
    order_id bigint NOT NULL, customer_id bigint NOT NULL, line_no integer NOT NULL, status text NOT NULL,
    priority text, total_price numeric(12,2) NOT NULL, discount numeric(12,2), quantity integer NOT NULL,
    weight double precision, is_express boolean NOT NULL, order_date date NOT NULL, shipped_at timestamptz,
    updated_at timestamptz NOT NULL, ref uuid NOT NULL, comment text, attrs jsonb
);
INSERT INTO orders
SELECT n,
       abs(hashint8(n)::bigint) % 150000,
       n % 7 + 1,
       CASE n % 5 WHEN 0 THEN 'open' WHEN 1 THEN 'packed' WHEN 2 THEN 'shipped' WHEN 3 THEN 'returned' ELSE 'cancelled' END,
       CASE WHEN n % 11 = 0 THEN NULL WHEN n % 13 = 0 THEN '' ELSE '3-MEDIUM' END,
       abs(hashint8(n * 7)::bigint) % 10000000 / 100.0,
       CASE WHEN n % 4 > 0 THEN n % 1500 / 100.0 END,
       n % 50 + 1,
       CASE WHEN n % 9 > 0 THEN n % 100003 / 7.0::float8 END,
       n % 3 = 0,
       date '2020-01-01' + (n % 2000)::int,
       CASE WHEN n % 5 > 0 THEN timestamptz '2020-01-01 00:00:00+00' + make_interval(secs => n % 63072000) END,
       timestamptz '2024-01-01 00:00:00+00' + make_interval(secs => (n / 8) * 0.04),
       md5(n::text)::uuid,
       CASE WHEN n % 6 > 0 THEN format('order comment %s %s', n, left(md5((n * 3)::text), 20)) END,
       CASE WHEN n % 10 > 0 THEN jsonb_build_object('src', 'web', 'score', n % 100, 'tags', jsonb_build_array('a', (n % 17)::text)) END
FROM generate_series(1, :rows::bigint) AS n;
ALTER TABLE orders ADD PRIMARY KEY (order_id);
CREATE INDEX ON orders (updated_at, order_id);
VACUUM ANALYZE orders;
