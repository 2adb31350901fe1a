"""The hand-written way: DuckDB attaches PostgreSQL and upserts what is at or after the largest watermark.

usage: peer_duckdb.py sync CONNECTION FILE | arrow CONNECTION TABLE | parquet CONNECTION TABLE FILE
CONNECTION is a libpq string. Needs the packages duckdb, duckdb-extensions and duckdb-extension-postgres-scanner.
"""
import sys

import duckdb
from duckdb_extensions import import_extension

import_extension("postgres_scanner")
job, source, *rest = sys.argv[1:]
db = duckdb.connect(rest[0] if job == "sync" else ":memory:")
db.execute("load postgres_scanner")
db.execute(f"attach '{source}' as pg (type postgres, read_only)")
if job == "arrow":
    rows = sum(batch.num_rows for batch in db.execute(f"select * from pg.{rest[0]}").to_arrow_reader(50_000))
    print(rows)
elif job == "parquet":
    db.execute(f"copy (select * from pg.{rest[0]}) to '{rest[1]}' (format parquet, compression zstd)")
else:
    there = db.execute("select count(*) from duckdb_tables() where table_name = 'orders' and database_name <> 'pg'")
    if there.fetchone()[0] == 0:
        db.execute("create table orders as select * from pg.orders")
        db.execute("alter table orders add primary key (order_id)")
    else:
        largest = db.execute("select max(updated_at)::varchar from orders").fetchone()[0]
        db.execute("begin")
        db.execute(f"create temp table waiting as select * from pg.orders where updated_at >= '{largest}'")
        db.execute("insert or replace into orders select * from waiting")
        db.execute("commit")
    print(db.execute("select count(*), sum(total_price) from orders").fetchone())
