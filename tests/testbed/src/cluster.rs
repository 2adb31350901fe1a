//! A private PostgreSQL server.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use anyhow::{Context, Result, anyhow, bail};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};

use crate::account::Account;
use crate::options::ClusterOptions;
use crate::process::{self, Watched};
use crate::program;
use crate::proxy::Proxy;
use crate::{template, tls};

/// How many ports are tried when others take the chosen one first.
const PORT_ATTEMPTS: u32 = 8;

/// How a server is asked to stop; the names of pg_ctl.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopMode {
    /// Waits until all clients have gone.
    Smart,
    /// Rolls back open transactions and disconnects the clients.
    Fast,
    /// Ends without a checkpoint; the next start recovers from the WAL.
    Immediate,
}

impl StopMode {
    fn signal(self) -> &'static str {
        match self {
            Self::Smart => "TERM",
            Self::Fast => "INT",
            Self::Immediate => "QUIT",
        }
    }
}

/// A running PostgreSQL server on a free port of 127.0.0.1 and on a socket, with the superuser `postgres`. Dropping it
/// stops the server and removes its folder.
///
/// All calls but [`Cluster::pool`] block the thread for a short time; none needs a runtime.
#[derive(Debug)]
pub struct Cluster {
    account: Account,
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
    server: Mutex<Watched>,
}

impl Cluster {
    /// Starts a server and returns when it answers.
    pub fn start(options: ClusterOptions) -> Result<Self> {
        let account = Account::find()?;
        let programs = program::server_programs()?;
        let template = template::template(&account, &programs)?;
        Self::launch(account, programs, &options, |data| template::copy(&template, data), &options.role_sql())
    }

    /// The server that all tests of this process share, started at the first call with the default options.
    pub fn shared() -> Result<&'static Self> {
        static SHARED: OnceLock<Result<Cluster, String>> = OnceLock::new();
        SHARED
            .get_or_init(|| Self::start(ClusterOptions::default()).map_err(|error| format!("{error:#}")))
            .as_ref()
            .map_err(|error| anyhow!("the shared cluster did not start: {error}"))
    }

    /// Starts a hot standby that follows this server and returns when it answers.
    pub fn standby(&self) -> Result<Self> {
        let backup = |data: &Path| {
            let mut command = self.account.command(self.programs.join("pg_basebackup"));
            command.arg("-D").arg(data).args(["-R", "-X", "stream", "-c", "fast", "--no-sync", "-d", &self.dsn()]);
            program::run(&mut command).context("cannot copy the primary").map(drop)
        };
        Self::launch(self.account, self.programs.clone(), &ClusterOptions::default(), backup, "")
    }

    /// Makes the data directory with `fill` and starts a server on it, with another port when the first is taken.
    fn launch(
        account: Account,
        programs: PathBuf,
        options: &ClusterOptions,
        fill: impl FnOnce(&Path) -> Result<()>,
        setup_sql: &str,
    ) -> Result<Self> {
        let folder = account.server_folder("firn-pg-")?;
        let data = folder.join("data");
        let mut server = std::process::Command::new("env");
        for (name, value) in options.variables() {
            server.arg(format!("{name}={value}"));
        }
        server.arg(format!("{}={}", crate::faults::UNDER, data.display()));
        server.arg(programs.join("postgres")).arg("-D").arg(&data);
        // The watchdog comes first: from here on the folder is removed, whatever happens to this process.
        let watched = Watched::new(&account, &folder, "QUIT", &server)?;
        fill(&data)?;
        account.write(&data.join("pg_hba.conf"), &options.host_based_authentication())?;
        let mut cluster = Self { account, programs, folder, port: 0, server: Mutex::new(watched) };
        for attempt in 1.. {
            cluster.port = program::free_port()?;
            let socket_folder = cluster.socket_dir().display().to_string();
            let configuration = options.configuration(cluster.port, &socket_folder);
            account.write(&data.join("testbed.conf"), &configuration)?;
            match cluster.start_server() {
                Ok(()) => break,
                Err(error) => {
                    let clash = format!("{error:#}").contains("could not create any TCP/IP sockets");
                    if !clash || attempt == PORT_ATTEMPTS {
                        return Err(error);
                    }
                }
            }
        }
        if !setup_sql.is_empty() {
            cluster.psql("postgres", setup_sql)?;
        }
        Ok(cluster)
    }

    fn server(&self) -> MutexGuard<'_, Watched> {
        // A test that panicked while it held the lock has left nothing half changed in there.
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts the process and waits until it takes connections.
    fn start_server(&self) -> Result<()> {
        let mut server = self.server();
        server.start()?;
        let pid = server.pid().context("a started server has no process id")?.to_string();
        let pid_file = self.data_dir().join("postmaster.pid");
        process::poll(|| {
            // The first line is the process id, the eighth the state: "starting", "ready", "standby", …
            let text = fs::read_to_string(&pid_file).unwrap_or_default();
            let lines: Vec<&str> = text.lines().map(str::trim).collect();
            if lines.first() == Some(&pid.as_str()) && lines.get(7) == Some(&"ready") {
                return Ok(Some(()));
            }
            if !server.is_running() {
                bail!("PostgreSQL ended while it started; {}", server.log_tail());
            }
            Ok(None)
        })
        .with_context(|| format!("PostgreSQL in {} did not start", self.folder.display()))
    }

    /// The DSN of the database `postgres` for its superuser over TCP.
    pub fn dsn(&self) -> String {
        self.dsn_of("postgres")
    }

    /// The DSN of a database for the superuser over TCP. The name is taken as it is: it must not need URL escapes.
    pub fn dsn_of(&self, database: &str) -> String {
        format!("postgres://{}@{}:{}/{database}", self.user(), self.host(), self.port)
    }

    /// The DSN of a database for another user with a password over TCP.
    pub fn dsn_for(&self, user: &str, password: &str, database: &str) -> String {
        format!("postgres://{user}:{password}@{}:{}/{database}", self.host(), self.port)
    }

    /// The DSN of a database for the superuser over the Unix socket.
    pub fn socket_dsn(&self, database: &str) -> String {
        format!("postgres:///{database}?host={}&port={}&user={}", self.folder.display(), self.port, self.user())
    }

    /// The address that the server listens on.
    pub fn host(&self) -> &'static str {
        "127.0.0.1"
    }

    /// The TCP port; it stays the same over restarts.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The TCP address, for proxies.
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// The folder of the Unix socket, which has the same port number in its name.
    pub fn socket_dir(&self) -> &Path {
        &self.folder
    }

    /// The server's data directory.
    pub fn data_dir(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// The superuser.
    pub fn user(&self) -> &'static str {
        "postgres"
    }

    /// The process id of the postmaster.
    pub fn pid(&self) -> Option<u32> {
        self.server().pid()
    }

    /// The server's log so far.
    pub fn log(&self) -> Result<String> {
        self.server().log()
    }

    /// Creates an empty database and gives its DSN. A database of that name must not exist.
    pub fn database(&self, name: &str) -> Result<String> {
        let quoted = name.replace('"', "\"\"");
        self.psql("postgres", &format!("CREATE DATABASE \"{quoted}\" TEMPLATE template0;"))?;
        Ok(self.dsn_of(name))
    }

    /// Creates the extension PostGIS in a database.
    pub fn enable_postgis(&self, database: &str) -> Result<()> {
        self.psql(database, "CREATE EXTENSION postgis;")
            .context("cannot create the extension PostGIS: run `make deps`")
            .map(drop)
    }

    /// Runs SQL as the superuser with the real psql; see [`program::psql`](crate::psql).
    pub fn psql(&self, database: &str, sql: &str) -> Result<String> {
        program::psql(&self.dsn_of(database), sql)
    }

    /// A connection pool of the superuser on a database.
    pub async fn pool(&self, database: &str) -> Result<PgPool> {
        let options = PgConnectOptions::new_without_pgpass()
            .host(self.host())
            .port(self.port)
            .username(self.user())
            .database(database)
            .ssl_mode(sqlx::postgres::PgSslMode::Prefer);
        let pool = PgPoolOptions::new().max_connections(10).connect_with(options);
        pool.await.with_context(|| format!("cannot connect to the database {database} of the test cluster"))
    }

    /// Puts a fault proxy in front of the server.
    pub fn proxy(&self) -> Result<Proxy> {
        Proxy::start(self.address())
    }

    /// Stops the server and waits until it has ended. Its data stay until the cluster is dropped.
    pub fn stop(&self, mode: StopMode) -> Result<()> {
        let server = self.server();
        server.signal(mode.signal())?;
        server.wait_until_ended()
    }

    /// Waits until a server that goes down by itself has ended.
    pub fn wait_until_ended(&self) -> Result<()> {
        self.server().wait_until_ended()
    }

    /// Starts the server again after [`Cluster::stop`] or [`Cluster::kill9`], on the same port.
    pub fn start_again(&self) -> Result<()> {
        self.start_server()
    }

    /// Stops and starts the server.
    pub fn restart(&self, mode: StopMode) -> Result<()> {
        self.stop(mode)?;
        self.start_server()
    }

    /// Makes the server read its configuration files again, and returns when it has.
    pub fn reload(&self) -> Result<()> {
        // Seen in the log and not by a query: new lines of pg_hba.conf may lock out the very session that would ask.
        let marker = "received SIGHUP, reloading configuration files";
        let server = self.server();
        let before = server.log()?.matches(marker).count();
        server.signal("HUP")?;
        process::poll(|| Ok((server.log()?.matches(marker).count() > before).then_some(())))
            .context("PostgreSQL does not reload its configuration")
    }

    /// Kills the postmaster with SIGKILL, as the kernel does when memory runs out. The backends end by themselves.
    pub fn kill9(&self) -> Result<()> {
        let server = self.server();
        let backends = server.pid().map(process::children).unwrap_or_default();
        server.signal("KILL")?;
        server.wait_until_ended()?;
        process::poll(|| Ok((!backends.iter().any(|&pid| process::is_alive(pid))).then_some(())))
            .context("backends outlive their postmaster")
    }

    /// Kills every client's backend with SIGKILL and returns how many there were. The server then drops all sessions
    /// and recovers from the WAL, and this call returns when it takes connections again.
    pub fn kill9_backends(&self) -> Result<usize> {
        let sql = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
        let list = self.psql("postgres", sql)?;
        let pids: Vec<u32> = list.lines().filter_map(|line| line.parse().ok()).collect();
        if !pids.is_empty() {
            process::signal("KILL", &pids)?;
            process::poll(|| Ok((!pids.iter().any(|&pid| process::is_alive(pid))).then_some(())))?;
            process::poll(|| Ok(self.psql("postgres", "SELECT 1").ok())).context("PostgreSQL does not recover")?;
        }
        Ok(pids.len())
    }

    /// Stops every process of the server in its tracks (SIGSTOP): connections stay open and nothing answers.
    pub fn pause(&self) -> Result<()> {
        let pid = self.server().pid().context("the server was never started")?;
        process::signal("STOP", &[pid])?;
        process::signal("STOP", &process::children(pid))
    }

    /// Lets a paused server go on.
    pub fn resume(&self) -> Result<()> {
        let pid = self.server().pid().context("the server was never started")?;
        process::signal("CONT", &process::children(pid))?;
        process::signal("CONT", &[pid])
    }

    /// Turns TLS on with a new certificate authority and a certificate for `localhost` and `127.0.0.1`. Gives the path
    /// of the authority's certificate.
    pub fn enable_tls(&self) -> Result<PathBuf> {
        self.enable_tls_for(&["DNS:localhost", "IP:127.0.0.1"])
    }

    /// Turns TLS on with a certificate for other names, in openssl's notation of subject alternative names.
    pub fn enable_tls_for(&self, names: &[&str]) -> Result<PathBuf> {
        self.enable_tls_from(names, 0)
    }

    /// Turns TLS on with a certificate that is valid for a month, `from` seconds after now. Each call makes an authority
    /// of its own; sessions that are open go on.
    pub fn enable_tls_from(&self, names: &[&str], from: i64) -> Result<PathBuf> {
        let count = (1..).find(|n| !self.folder.join(format!("tls-{n}")).exists()).unwrap_or(0);
        let files = tls::make(&self.account, &self.folder.join(format!("tls-{count}")), names, from)?;
        let sql = format!(
            "ALTER SYSTEM SET ssl_cert_file = '{}'; ALTER SYSTEM SET ssl_key_file = '{}'; ALTER SYSTEM SET ssl = on;",
            files.certificate.display(),
            files.key.display()
        );
        self.psql("postgres", &sql)?;
        self.reload()?;
        if self.psql("postgres", "SHOW ssl")? != "on" {
            bail!("PostgreSQL did not take the certificate; {}", self.server().log_tail());
        }
        Ok(files.authority)
    }

    /// Replaces the lines of `pg_hba.conf` and loads them.
    pub fn set_hba(&self, lines: &[&str]) -> Result<()> {
        self.account.write(&self.data_dir().join("pg_hba.conf"), &format!("{}\n", lines.join("\n")))?;
        self.reload()
    }
}
