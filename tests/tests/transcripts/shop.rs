//! The small shop that these scenarios run over: a server, a workspace, and data whose moments stand still.

use anyhow::Result;
use firn_scenarios::CommandLine;
use firn_testbed::{Cluster, ClusterOptions};

/// Two tables with every outcome in them: plain rows, a transform to make, a value the target refuses.
pub const TABLES: &str = "
CREATE TABLE customers (
    id bigint PRIMARY KEY, name text NOT NULL, credit numeric(10,2), updated_at timestamptz NOT NULL DEFAULT now());
CREATE INDEX ON customers (updated_at, id);
INSERT INTO customers SELECT i, 'customer ' || i, i, '2020-01-01 00:00:00+00'::timestamptz + i * interval '1 minute'
    FROM generate_series(1, 1000) AS i;
CREATE TABLE tags (id integer PRIMARY KEY, word text);
INSERT INTO tags VALUES (1, 'new'), (2, 'old');
ANALYZE;";

/// A server with the database `shop`, and a workspace that reads it.
pub struct Shop {
    pub cluster: Cluster,
    pub terminal: CommandLine,
}

impl Shop {
    /// Starts a server; the workspace's folder is empty.
    pub fn empty(options: ClusterOptions) -> Result<Self> {
        let cluster = Cluster::start(options)?;
        cluster.database("shop")?;
        let mut terminal = CommandLine::new()?;
        terminal.name(&cluster.port().to_string(), "<PORT>");
        terminal.name(&cluster.psql("shop", "SHOW server_version")?, "<VERSION>");
        Ok(Self { cluster, terminal })
    }

    /// Starts a server with tables and a workspace over them.
    pub fn with(document: &str) -> Result<Self> {
        let shop = Self::empty(ClusterOptions::new())?;
        shop.sql(TABLES)?;
        shop.terminal.write("firn.yaml", &shop.document(document))?;
        Ok(shop)
    }

    /// Returns a document with both connections and these tables.
    pub fn document(&self, tables: &str) -> String {
        format!(
            "connections:\n  app_db: {{ kind: postgres, host: 127.0.0.1, port: {}, database: shop, user: postgres, tls: disable }}\n  \
             warehouse: {{ kind: duckdb, path: warehouse.duckdb }}\nsource: app_db\ntarget: warehouse\n{tables}",
            self.cluster.port()
        )
    }

    /// Runs SQL on the source as the superuser.
    pub fn sql(&self, sql: &str) -> Result<String> {
        self.cluster.psql("shop", sql)
    }

    /// The URL of the source for a user, without a password.
    pub fn url(&self, user: &str) -> String {
        format!("postgresql://{user}@127.0.0.1:{}/shop?sslmode=disable", self.cluster.port())
    }
}

/// The document's tables for both.
pub const BOTH: &str = "tables:
  - source: public.customers
    target: shop.customers
    pk: id
    watermark_column: updated_at
  - { source: public.tags, target: shop.tags, pk: id, mode: full }
";
