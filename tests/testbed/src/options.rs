//! What a test may ask of a cluster before it starts.

use crate::faults::Faults;

/// Settings of a cluster. The default is a cluster that trusts every local connection, keeps logical WAL, allows 60
/// connections and 10 prepared transactions, and does not wait for the disk.
#[derive(Clone, Debug, Default)]
pub struct ClusterOptions {
    fsync: bool,
    settings: Vec<(String, String)>,
    hba: Vec<String>,
    scram_users: Vec<(String, String)>,
    variables: Vec<(String, String)>,
}

impl ClusterOptions {
    /// The default options.
    pub fn new() -> Self {
        Self::default()
    }

    /// Flushes commits to the disk, as a production server does. Off by default: a killed server process loses
    /// nothing without it, only a killed machine would.
    #[must_use]
    pub fn fsync(mut self, on: bool) -> Self {
        self.fsync = on;
        self
    }

    /// Adds a line to `postgresql.conf`; it wins over the defaults.
    #[must_use]
    pub fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Puts the server's clock and the disk of its data under control.
    #[must_use]
    pub fn faults(mut self, faults: &Faults) -> Self {
        self.variables = faults.variables();
        self
    }

    /// The environment of the server.
    pub(crate) fn variables(&self) -> &[(String, String)] {
        &self.variables
    }

    /// Adds a line of `pg_hba.conf` before those that trust everybody, in the order of the calls.
    #[must_use]
    pub fn hba(mut self, line: &str) -> Self {
        self.hba.push(line.to_owned());
        self
    }

    /// Creates a role that may log in, over TCP and over sockets, only with this password by SCRAM-SHA-256.
    #[must_use]
    pub fn scram_user(mut self, name: &str, password: &str) -> Self {
        self.scram_users.push((name.to_owned(), password.to_owned()));
        self
    }

    /// The text of the configuration file.
    pub(crate) fn configuration(&self, port: u16, socket_folder: &str) -> String {
        let on_or_off = if self.fsync { "on" } else { "off" };
        let mut text = String::new();
        let mut line = |name: &str, value: &str| {
            text.push_str(&format!("{name} = '{}'\n", value.replace('\'', "''")));
        };
        line("listen_addresses", "127.0.0.1");
        line("port", &port.to_string());
        line("unix_socket_directories", socket_folder);
        line("fsync", on_or_off);
        line("full_page_writes", on_or_off);
        line("max_connections", "60");
        line("max_prepared_transactions", "10");
        line("wal_level", "logical");
        line("shared_buffers", "64MB");
        line("log_line_prefix", "%m [%p] %q%u@%d ");
        line("TimeZone", "UTC");
        for (name, value) in &self.settings {
            line(name, value);
        }
        text
    }

    /// The text of `pg_hba.conf`.
    pub(crate) fn host_based_authentication(&self) -> String {
        let mut text = String::new();
        for line in &self.hba {
            text.push_str(line);
            text.push('\n');
        }
        for (user, _) in &self.scram_users {
            let user = user.replace('"', "\"\"");
            text.push_str(&format!("local all \"{user}\" scram-sha-256\nhost all \"{user}\" all scram-sha-256\n"));
        }
        text.push_str("local all all trust\nhost all all 127.0.0.1/32 trust\n");
        text.push_str("local replication all trust\nhost replication all 127.0.0.1/32 trust\n");
        text
    }

    /// The SQL that creates the roles.
    pub(crate) fn role_sql(&self) -> String {
        let mut sql = String::new();
        for (user, password) in &self.scram_users {
            let (user, password) = (user.replace('"', "\"\""), password.replace('\'', "''"));
            sql.push_str(&format!("CREATE ROLE \"{user}\" LOGIN PASSWORD '{password}';\n"));
        }
        sql
    }
}
