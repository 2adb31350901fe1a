-- Stores where a source table stands, in the transaction of its data.
--
-- Owner:      src-tauri/crates/duckdb
-- Parameters: 1 target table, 2 state as JSON text, 3 exact watermark, 4 source table, 5 epoch of the runner,
--             6 whether the epoch is checked
-- Result:     the count of changed rows; 0 says that another runner has taken over
UPDATE _firn.tables
   SET target = ?, state = ?, watermark = ?, updated_at = current_timestamp
 WHERE source = ? AND (epoch = ? OR NOT ?);
