//! Faults of a program's clock and disk, by a small library that is preloaded into it.

use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::account::Account;
use crate::program::{find, run};

const SOURCE: &str = include_str!("faults.c");

/// The variable with the folder whose files are meant by faults of the disk.
pub(crate) const UNDER: &str = "FIRN_FAULT_UNDER";

/// A clock that can be set and a disk that can be filled, for one program or server and all its processes.
///
/// Only programs started with [`Faults::variables`] see them. It needs no rights, and a C compiler, without which there
/// would be no tests either.
#[derive(Debug)]
pub struct Faults {
    folder: TempDir,
    clock: File,
}

impl Faults {
    /// Prepares a right clock and an empty disk.
    pub fn new() -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("firn-faults-")
            .permissions(fs::Permissions::from_mode(0o755))
            .tempdir_in(Account::find()?.temporary_root())
            .context("cannot make a folder for faults")?;
        let source = folder.path().join("faults.c");
        fs::write(&source, SOURCE).with_context(|| format!("cannot write {}", source.display()))?;
        let mut compiler = Command::new(find("cc")?);
        compiler.args(["-shared", "-fPIC", "-O1", "-o"]).arg(folder.path().join("faults.so")).arg(&source).arg("-ldl");
        run(&mut compiler).context("cannot compile the library of faults")?;
        // Read and written by other accounts, too.
        for (name, size) in [("clock", 8), ("count", 16)] {
            let path = folder.path().join(name);
            fs::write(&path, vec![0; size]).with_context(|| format!("cannot write {}", path.display()))?;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o666))?;
        }
        let clock = File::options().write(true).open(folder.path().join("clock"))?;
        Ok(Self { folder, clock })
    }

    /// The environment of a program with these faults.
    pub fn variables(&self) -> Vec<(String, String)> {
        let path = |name: &str| self.path(name).display().to_string();
        [
            ("LD_PRELOAD", path("faults.so")),
            ("FIRN_FAULT_CLOCK", path("clock")),
            ("FIRN_FAULT_FULL", path("full")),
            ("FIRN_FAULT_COUNT", path("count")),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    /// The environment of a program with these faults, the disk's for the files of a folder. Servers know their own.
    pub fn variables_under(&self, folder: &Path) -> Result<Vec<(String, String)>> {
        let folder = folder.canonicalize().with_context(|| format!("no folder {}", folder.display()))?;
        let mut variables = self.variables();
        variables.push((UNDER.to_owned(), folder.display().to_string()));
        Ok(variables)
    }

    /// Sets the clock this many seconds off.
    pub fn set_clock(&self, seconds: i64) -> Result<()> {
        self.clock.write_all_at(&seconds.to_ne_bytes(), 0).context("cannot set the clock")
    }

    /// Fills the disk: no file grows any more.
    pub fn fill_disk(&self) -> Result<()> {
        fs::write(self.path("full"), "").context("cannot fill the disk")
    }

    /// Makes room on the disk again.
    pub fn empty_disk(&self) -> Result<()> {
        fs::remove_file(self.path("full")).context("cannot make room on the disk")
    }

    /// How often the programs have written so far, and how often a file grew by it.
    pub fn writes(&self) -> Result<(u64, u64)> {
        let mut bytes = [0; 16];
        File::open(self.path("count"))?.read_exact(&mut bytes).context("cannot read the count of writes")?;
        let (all, growing) = bytes.split_at(8);
        Ok((u64::from_ne_bytes(all.try_into()?), u64::from_ne_bytes(growing.try_into()?)))
    }

    /// Forgets the writes so far, also for limits by number. No program may be running.
    pub fn forget_writes(&self) -> Result<()> {
        fs::write(self.path("count"), [0; 16]).context("cannot set the count of writes")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}
