-- owner: tests/bench. Parameters: none. Result: one row in twenty of orders changed, its watermark past the largest.
WITH largest AS (SELECT max(updated_at) AS at FROM orders)
UPDATE orders
   SET total_price = total_price + 1, status = 'touched',
       updated_at = largest.at + interval '1 second' + make_interval(secs => (order_id / 8) * 0.001)
  FROM largest
 WHERE order_id % 20 = 7;
ANALYZE orders;
