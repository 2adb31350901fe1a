//! One private server: made, started, used, and stopped by the last who leaves.
//!
//! Leaving is the job of a small shell beside every process that uses the server. It waits for the end of a pipe which
//! that process holds, so it notices a crash as well as an orderly end. Then it asks for `users.lock` exclusively and,
//! where it gets it, stops the server while holding it: nobody can come in at that moment.

use super::programs::Programs;
use super::{DATABASE, PORT, USER};
use crate::wire::ErrorView;
use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The data set; owned by `sql/postgres`.
const SAMPLE_SQL: &str = include_str!("../../../../../sql/postgres/sample.sql");
/// Longest path of a socket's folder: the system takes about 104 bytes with the file's name.
const LONGEST_SOCKET_FOLDER: usize = 85;
/// What the shell does. Arguments: the lock, pg_ctl, the data. A first line on the pipe tells how to ask for the lock:
/// at once (`-n`) after an orderly end; after a crash, when the system may still hold the dead process's lock, with a wait.
const LEAVE: &str = r#"trap '' INT TERM HUP
read -r how
if command -v flock >/dev/null; then
    exec flock ${how:--w 5} "$1" "$2" stop -s -m fast -D "$3"
fi
exec "$2" stop -s -m fast -D "$3""#;

/// A server's folder.
#[derive(Debug, Clone)]
pub(super) struct Server {
    folder: PathBuf,
    socket: PathBuf,
}

/// The use of a running server by this process. Dropped without [`Stay::leave`], it counts as a crash.
pub(super) struct Stay {
    users: File,
    shell: Child,
}

fn broken(what: &str, path: &Path) -> impl FnOnce(std::io::Error) -> ErrorView {
    let what = format!("the sample's server: cannot {what} {}", path.display());
    move |error| ErrorView::file(what, &error)
}

impl Server {
    /// Sets a folder aside for a server that is made at its first use.
    pub(super) fn reserve(root: &Path) -> Result<Self, ErrorView> {
        fs::create_dir_all(root).map_err(broken("make the folder", root))?;
        let id = uuid::Uuid::new_v4().simple().to_string();
        let folder = root.join(&id[..12]);
        fs::create_dir(&folder).map_err(broken("make the folder", &folder))?;
        let inside = folder.join("socket");
        let socket = if inside.as_os_str().len() <= LONGEST_SOCKET_FOLDER {
            inside
        } else {
            PathBuf::from(format!("/tmp/firn-{}", &id[..12]))
        };
        let note = folder.join("socket-folder");
        fs::write(&note, socket.as_os_str().as_encoded_bytes()).map_err(broken("write", &note))?;
        Ok(Self { folder, socket })
    }

    /// Opens a folder that was set aside; `None` for any other.
    pub(super) fn open(folder: &Path) -> Option<Self> {
        let socket = fs::read_to_string(folder.join("socket-folder")).ok()?;
        Some(Self { folder: folder.to_owned(), socket: PathBuf::from(socket) })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns the folder of the socket: the host of the sample's connection.
    pub(super) fn socket(&self) -> &Path {
        &self.socket
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn log(&self) -> PathBuf {
        self.folder.join("server.log")
    }

    /// Returns whether the server takes connections.
    pub(super) fn answers(&self) -> bool {
        // The eighth line is the server's state; a server that was killed leaves the file, but no socket that answers.
        let state = fs::read_to_string(self.data().join("postmaster.pid")).unwrap_or_default();
        let ready = state.lines().nth(7).is_some_and(|line| line.trim() == "ready");
        ready && connects(&self.socket.join(format!(".s.PGSQL.{PORT}")))
    }

    /// Makes the server where it was not made yet, starts it where it does not run, and stays its user.
    pub(super) fn stay(&self, programs: &Programs) -> Result<Stay, ErrorView> {
        let lock = self.folder.join("users.lock");
        let users = self.lock_file(programs, &lock)?;
        users.lock_shared().map_err(broken("lock", &lock))?;
        // From here on nobody stops the server. One process at a time starts it.
        let starting = self.folder.join("start.lock");
        let start = self.lock_file(programs, &starting)?;
        start.lock().map_err(broken("lock", &starting))?;
        let shell = self.shell(programs, &lock)?;
        let stay = Stay { users, shell };
        let made = self.make(programs).and_then(|()| self.start(programs)).and_then(|()| self.load(programs));
        match made {
            Ok(()) => Ok(stay),
            Err(error) => {
                stay.leave();
                Err(error)
            }
        }
    }

    /// Opens a lock file, which the server's account must be able to open, too.
    fn lock_file(&self, programs: &Programs, path: &Path) -> Result<File, ErrorView> {
        let file = File::options().create(true).truncate(false).write(true).open(path).map_err(broken("open", path))?;
        programs.own(path)?;
        Ok(file)
    }

    fn shell(&self, programs: &Programs, lock: &Path) -> Result<Child, ErrorView> {
        let mut shell = programs.prepare(Command::new("sh"));
        shell.args(["-c", LEAVE, "sh"]).arg(lock).arg(programs.path("pg_ctl")).arg(self.data());
        // Its own process group: Ctrl-C at the terminal is meant for this process only.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut shell, 0);
        shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        shell.spawn().map_err(broken("run sh for", &self.folder))
    }

    /// Makes the cluster; one that was left half made is made anew.
    fn make(&self, programs: &Programs) -> Result<(), ErrorView> {
        self.make_socket_folder(programs)?;
        let (data, made) = (self.data(), self.folder.join("made"));
        if made.exists() {
            return Ok(());
        }
        if data.exists() {
            fs::remove_dir_all(&data).map_err(broken("remove the half-made", &data))?;
        }
        make_private(&data).map_err(broken("make the folder", &data))?;
        programs.own(&data)?;
        programs.own(&self.folder)?;
        let mut initdb = programs.command("initdb");
        initdb.arg("-D").arg(&data).args(["-U", USER, "-E", "UTF8", "--no-locale", "--auth=trust", "--no-sync"]);
        run("initdb", &mut initdb, None)?;
        let settings = data.join("postgresql.conf");
        let mut text = fs::read_to_string(&settings).map_err(broken("read", &settings))?;
        let socket = self.socket.display().to_string().replace('\'', "''");
        text.push_str(&format!(
            "\n# The sample: reached through the socket only, by whoever may enter its folder.\n\
             listen_addresses = ''\nport = {PORT}\nunix_socket_directories = '{socket}'\n\
             shared_buffers = 32MB\nmax_connections = 40\nlog_timezone = 'UTC'\ntimezone = 'UTC'\n"
        ));
        fs::write(&settings, text).map_err(broken("write", &settings))?;
        fs::write(&made, "").map_err(broken("write", &made))
    }

    fn make_socket_folder(&self, programs: &Programs) -> Result<(), ErrorView> {
        match make_private(&self.socket) {
            Ok(()) => programs.own(&self.socket),
            Err(error) if error.kind() == ErrorKind::AlreadyExists && self.is_private() => Ok(()),
            Err(error) => Err(broken("make the folder", &self.socket)(error)),
        }
    }

    /// Returns whether the socket's folder is closed to others and belongs to whom the server's folder does. `/tmp` is
    /// anybody's: a folder that somebody else put there is not used.
    fn is_private(&self) -> bool {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            let of = |path: &Path| fs::symlink_metadata(path).ok();
            let (Some(socket), Some(folder)) = (of(&self.socket), of(&self.folder)) else { return false };
            socket.is_dir() && socket.mode() & 0o077 == 0 && socket.uid() == folder.uid()
        }
        #[cfg(not(unix))]
        self.socket.is_dir()
    }

    fn start(&self, programs: &Programs) -> Result<(), ErrorView> {
        if self.answers() {
            return Ok(());
        }
        let mut start = programs.command("pg_ctl");
        start.args(["start", "-s", "-w", "-t", "60", "-D"]).arg(self.data()).arg("-l").arg(self.log());
        run("pg_ctl start", &mut start, None)
            .map_err(|error| error.with_hint(format!("its log is {}", self.log().display())))
    }

    /// Loads the data set, all or nothing.
    fn load(&self, programs: &Programs) -> Result<(), ErrorView> {
        let loaded = self.folder.join("loaded");
        if loaded.exists() {
            return Ok(());
        }
        let psql = |database: &str| {
            let mut psql = programs.command("psql");
            psql.args([
                "-X",
                "-q",
                "-v",
                "ON_ERROR_STOP=1",
                "-f",
                "-",
                "-U",
                USER,
                "-d",
                database,
                "-p",
                &PORT.to_string(),
                "-h",
            ]);
            psql.arg(&self.socket);
            psql
        };
        // Anew after a load that was cut off.
        let anew = format!("DROP DATABASE IF EXISTS {DATABASE};\nCREATE DATABASE {DATABASE};\n");
        run("psql", &mut psql("postgres"), Some(&anew))?;
        run("psql", &mut psql(DATABASE), Some(SAMPLE_SQL))?;
        fs::write(&loaded, "").map_err(broken("write", &loaded))
    }
}

impl Stay {
    /// Gives the server up and returns when it has stopped, or stays for others.
    pub(super) fn leave(mut self) {
        // Unlocked before the shell asks, which would otherwise take this process for a user that stays.
        drop(self.users);
        if let Some(mut pipe) = self.shell.stdin.take() {
            // A shell that is gone already has left.
            let _gone = pipe.write_all(b"-n\n");
        }
        let _status = self.shell.wait();
    }
}

/// Makes a folder that only its owner may enter.
fn make_private(path: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn connects(socket: &Path) -> bool {
    #[cfg(unix)]
    {
        std::os::unix::net::UnixStream::connect(socket).is_ok()
    }
    #[cfg(not(unix))]
    {
        socket.exists()
    }
}

/// Runs a program to its end, `input` on its standard input. A failure carries what it said.
fn run(name: &str, command: &mut Command, input: Option<&str>) -> Result<(), ErrorView> {
    let failed = |error: std::io::Error| ErrorView::file(format!("the sample's server: cannot run {name}"), &error);
    command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(failed)?;
    if let (Some(mut stdin), Some(input)) = (child.stdin.take(), input) {
        // What it says about a failure is worth more than the pipe it closed.
        let _closed = stdin.write_all(input.as_bytes());
    }
    let output = child.wait_with_output().map_err(failed)?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(ErrorView::other(format!("the sample's server: {name} ended with {}: {said}", output.status)))
}
