//! The operating system account that servers run under.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The account for servers: `postgres` when the tests run as root (initdb, postgres and pgbouncer refuse root),
/// otherwise the user who runs the tests.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Account {
    uid: u32,
    gid: u32,
    switch: bool,
}

impl Account {
    /// Finds the account. Fails as root when there is no user `postgres`.
    pub(crate) fn find() -> Result<Self> {
        let me = fs::metadata("/proc/self").context("cannot read /proc/self")?;
        if me.uid() != 0 {
            return Ok(Self { uid: me.uid(), gid: me.gid(), switch: false });
        }
        let passwd = fs::read_to_string("/etc/passwd").context("cannot read /etc/passwd")?;
        for line in passwd.lines() {
            let fields: Vec<&str> = line.split(':').collect();
            if let ["postgres", _, uid, gid, ..] = fields[..] {
                let uid = uid.parse().with_context(|| format!("user postgres has the uid {uid:?}"))?;
                let gid = gid.parse().with_context(|| format!("user postgres has the gid {gid:?}"))?;
                return Ok(Self { uid, gid, switch: true });
            }
        }
        bail!("the tests run as root and there is no user `postgres` to start servers: run `make deps`")
    }

    /// The user id, part of the key of cached templates.
    pub(crate) fn uid(&self) -> u32 {
        self.uid
    }

    /// The folder for server folders: `/tmp` as root, because the server's account must reach it, else the
    /// temporary folder of the user.
    pub(crate) fn temporary_root(&self) -> PathBuf {
        if self.switch { PathBuf::from("/tmp") } else { std::env::temp_dir() }
    }

    /// Prepares a program to run under this account with a clean environment: no PG* variable of the user decides
    /// where a test connects to.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into()));
        command.env("LC_ALL", "C.UTF-8").env("TZ", "UTC").current_dir("/");
        if self.switch {
            command.uid(self.uid).gid(self.gid);
        }
        command
    }

    /// Gives a file or folder to this account.
    pub(crate) fn own(&self, path: &Path) -> Result<()> {
        if self.switch {
            chown(path, Some(self.uid), Some(self.gid)).with_context(|| format!("cannot chown {}", path.display()))?;
        }
        Ok(())
    }

    /// Writes a file that belongs to this account and that nobody else reads.
    pub(crate) fn write(&self, path: &Path, text: &str) -> Result<()> {
        fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))
            .with_context(|| format!("cannot set the mode of {}", path.display()))?;
        self.own(path)
    }

    /// Makes a folder with a short name under [`Account::temporary_root`]. The watchdog removes it.
    pub(crate) fn server_folder(&self, prefix: &str) -> Result<PathBuf> {
        let root = self.temporary_root();
        let folder = tempfile::Builder::new()
            .prefix(prefix)
            .tempdir_in(&root)
            .with_context(|| format!("cannot make a folder for a server in {}", root.display()))?
            .keep();
        self.own(&folder)?;
        Ok(folder)
    }
}
