//! The cached data directory that every cluster is a copy of.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::account::Account;
use crate::program::run;

/// Part of the cache key: raise it when the way templates are made changes.
const REVISION: u32 = 1;

/// Gives the template for these server programs, made now if nobody has made it yet. Processes that start at the same
/// time wait for the one that makes it.
pub(crate) fn template(account: &Account, programs: &Path) -> Result<PathBuf> {
    let version = run(account.command(programs.join("postgres")).arg("--version"))?;
    let version: String = version.trim().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let cache = cache_folder()?.join("testbed");
    let folder = cache.join(format!("{version}-u{}-r{REVISION}", account.uid()));
    if folder.exists() {
        return Ok(folder);
    }
    fs::create_dir_all(&cache).with_context(|| format!("cannot make {}", cache.display()))?;
    let lock_path = cache.join("lock");
    let lock = File::create(&lock_path).with_context(|| format!("cannot make {}", lock_path.display()))?;
    lock.lock().with_context(|| format!("cannot lock {}", lock_path.display()))?;
    if folder.exists() {
        return Ok(folder);
    }
    make(account, programs, &folder)?;
    Ok(folder)
}

/// The cache of the project: `$XDG_CACHE_HOME/firn` or `~/.cache/firn`.
fn cache_folder() -> Result<PathBuf> {
    let base = std::env::var_os("XDG_CACHE_HOME").filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = match base {
        Some(base) => base,
        None => {
            PathBuf::from(std::env::var_os("HOME").context("neither XDG_CACHE_HOME nor HOME is set")?).join(".cache")
        }
    };
    Ok(base.join("firn"))
}

/// Makes a template. It is built where the server's account may write, copied beside its final place, and renamed, so
/// that a killed process leaves no half template.
fn make(account: &Account, programs: &Path, folder: &Path) -> Result<()> {
    let scratch = account.server_folder("firn-initdb-")?;
    let made = initdb(account, programs, &scratch).and_then(|()| {
        let beside = folder.with_extension(format!("new-{}", std::process::id()));
        copy(&scratch.join("data"), &beside)?;
        fs::rename(&beside, folder).with_context(|| format!("cannot rename {} into place", beside.display()))
    });
    fs::remove_dir_all(&scratch).with_context(|| format!("cannot remove {}", scratch.display()))?;
    made
}

fn initdb(account: &Account, programs: &Path, scratch: &Path) -> Result<()> {
    let data = scratch.join("data");
    let mut initdb = account.command(programs.join("initdb"));
    initdb.arg("-D").arg(&data).args(["-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--auth=trust", "--no-sync"]);
    run(&mut initdb).context("cannot make a template cluster")?;
    let path = data.join("postgresql.conf");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    account.write(&path, &format!("{text}\ninclude_if_exists = 'testbed.conf'\n"))
}

/// Copies a data directory with its owners and modes, sharing blocks where the file system can.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<()> {
    let mut copy = std::process::Command::new("cp");
    copy.args(["-a", "--reflink=auto", "--"]).arg(from).arg(to);
    run(&mut copy).with_context(|| format!("cannot copy {} to {}", from.display(), to.display())).map(drop)
}
