//! DuckDB: staging by Arrow, upsert and cursor in one transaction.
