-- Firn's state inside a DuckDB warehouse: who the warehouse is, how far each source table has been read, and which
-- rows above the horizon have been loaded already.
--
-- Owner:      src-tauri/crates/duckdb
-- Parameters: none
-- Result:     none; makes what is missing and changes nothing that is there
CREATE SCHEMA IF NOT EXISTS _firn;

-- One row: the identity of this warehouse, made once.
CREATE TABLE IF NOT EXISTS _firn.target (
  id          VARCHAR     NOT NULL,
  created_at  TIMESTAMPTZ NOT NULL DEFAULT current_timestamp
);

-- One row a source table. `epoch` is the fence: a commit of an older runner changes no row and is rolled back.
CREATE TABLE IF NOT EXISTS _firn.tables (
  source      VARCHAR     NOT NULL PRIMARY KEY,
  target      VARCHAR,
  epoch       BIGINT      NOT NULL,
  state       VARCHAR,
  watermark   VARCHAR,
  updated_at  TIMESTAMPTZ NOT NULL DEFAULT current_timestamp
);

-- Marks of row versions above the horizon: 16 bytes of a hash over key, watermark and xmin.
CREATE TABLE IF NOT EXISTS _firn.seen (
  source      VARCHAR     NOT NULL,
  mark        BLOB        NOT NULL
);
