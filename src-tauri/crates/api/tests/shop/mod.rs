//! What the tests of the command layer sync.

use firn_testbed::{Cluster, ClusterOptions};

/// A server with one table of so many rows, and the document over it.
pub fn orders(rows: u32) -> (Cluster, String) {
    let cluster = Cluster::start(ClusterOptions::new().setting("log_connections", "on")).unwrap();
    let sql = format!(
        "CREATE TABLE orders (id bigint PRIMARY KEY, v text, updated_at timestamptz NOT NULL DEFAULT now());
         CREATE INDEX ON orders (updated_at, id);
         INSERT INTO orders SELECT i, repeat('x', 200) FROM generate_series(1, {rows}) AS i; ANALYZE orders;"
    );
    cluster.psql("postgres", &sql).unwrap();
    let document = format!(
        "connections:\n  app_db: {{ kind: postgres, host: 127.0.0.1, port: {}, database: postgres, user: postgres, tls: disable }}\n  \
         warehouse: {{ kind: duckdb, path: warehouse.duckdb }}\nsource: app_db\ntarget: warehouse\n\
         tables: [{{ source: public.orders, target: orders, pk: id, watermark_column: updated_at }}]\n",
        cluster.port()
    );
    (cluster, document)
}
