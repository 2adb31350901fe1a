//! pgbouncer in transaction mode in front of a cluster.

use std::net::{Ipv4Addr, SocketAddr, TcpStream};

use anyhow::{Context, Result, bail};

use crate::account::Account;
use crate::cluster::Cluster;
use crate::process::{self, Watched};
use crate::program;

const PORT_ATTEMPTS: u32 = 8;

/// A running pgbouncer: transaction pooling, any database of the cluster, the user `postgres` without a password. It
/// ends when it is dropped or its owner ends.
#[derive(Debug)]
pub struct Bouncer {
    port: u16,
    server: Watched,
}

impl Bouncer {
    /// Starts pgbouncer with at most `pool_size` server connections per database.
    pub fn start(cluster: &Cluster, pool_size: u32) -> Result<Self> {
        let mut attempt = 1;
        loop {
            match Self::launch(cluster, pool_size) {
                // Another process may have taken the port between the choice and the start.
                Err(error) if attempt < PORT_ATTEMPTS && format!("{error:#}").contains("ddress already in use") => {
                    attempt += 1;
                }
                outcome => return outcome,
            }
        }
    }

    fn launch(cluster: &Cluster, pool_size: u32) -> Result<Self> {
        let account = Account::find()?;
        let folder = account.server_folder("firn-bouncer-")?;
        let port = program::free_port()?;
        let (users, configuration) = (folder.join("users.txt"), folder.join("pgbouncer.ini"));
        let mut command = std::process::Command::new(program::find("pgbouncer")?);
        command.arg(&configuration);
        let mut server = Watched::new(&account, &folder, "TERM", &command)?;
        account.write(&users, &format!("\"{}\" \"\"\n", cluster.user()))?;
        let text = format!(
            "[databases]\n* = host={host} port={upstream}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir =\nauth_type = trust\nauth_file = {users}\npool_mode = transaction\n\
             default_pool_size = {pool_size}\nmax_client_conn = 200\nignore_startup_parameters = extra_float_digits\n\
             server_tls_sslmode = disable\n",
            host = cluster.host(),
            upstream = cluster.port(),
            users = users.display(),
        );
        account.write(&configuration, &text)?;
        server.start()?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        process::poll(|| {
            if !server.is_running() {
                bail!("pgbouncer ended while it started; {}", server.log_tail());
            }
            Ok(TcpStream::connect(address).ok().map(drop))
        })
        .context("pgbouncer did not start")?;
        Ok(Self { port, server })
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The DSN of a database of the cluster through pgbouncer.
    pub fn dsn(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// The log so far.
    pub fn log(&self) -> Result<String> {
        self.server.log()
    }
}
