//! The programs of a PostgreSQL server on this machine, and the account they may run under.

use crate::wire::ErrorView;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a server needs; all of one version, from one folder.
const NEEDED: [&str; 4] = ["initdb", "pg_ctl", "postgres", "psql"];
/// Where Debian and its kin keep them, a folder a version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// The programs of one version of PostgreSQL.
#[derive(Debug, Clone)]
pub(super) struct Programs {
    folder: PathBuf,
    account: Option<Account>,
}

/// The account that servers run under when this process is root, which PostgreSQL refuses to run as.
#[derive(Debug, Clone, Copy)]
struct Account {
    uid: u32,
    gid: u32,
}

/// Returns whether this process is root. `false` where the system does not say.
pub(super) fn runs_as_root() -> bool {
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::fs::MetadataExt as _;
        std::fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0)
    }
    #[cfg(not(target_os = "linux"))]
    false
}

impl Programs {
    /// Finds the newest version in Debian's folders, then whatever the search path has.
    pub(super) fn find(search_path: Option<&str>) -> Result<Self, ErrorView> {
        Self::find_in(Path::new(DEBIAN), search_path)
    }

    fn find_in(debian: &Path, search_path: Option<&str>) -> Result<Self, ErrorView> {
        let mut versions: Vec<u32> = std::fs::read_dir(debian)
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .collect();
        versions.sort_unstable_by(|a, b| b.cmp(a));
        let debian = versions.into_iter().map(|version| debian.join(version.to_string()).join("bin"));
        let path = search_path.into_iter().flat_map(std::env::split_paths);
        let complete = |folder: &PathBuf| NEEDED.iter().all(|program| folder.join(program).is_file());
        let folder = debian.chain(path).find(complete).ok_or_else(|| {
            ErrorView::not_found(
                "the sample needs the programs of a PostgreSQL server, and there are none on this machine",
            )
            .with_hint(install_hint())
        })?;
        let account = if runs_as_root() { Some(server_account()?) } else { None };
        Ok(Self { folder, account })
    }

    /// Prepares a program to run under the server's account, without the person's own variables: none of theirs decides
    /// where it connects to.
    pub(super) fn command(&self, program: &str) -> Command {
        self.prepare(Command::new(self.folder.join(program)))
    }

    /// Prepares any other program the same way.
    pub(super) fn prepare(&self, mut command: Command) -> Command {
        command
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("LC_ALL", "C")
            .env("TZ", "UTC")
            .current_dir("/");
        #[cfg(unix)]
        if let Some(account) = self.account {
            use std::os::unix::process::CommandExt as _;
            command.uid(account.uid).gid(account.gid);
        }
        command
    }

    /// Returns a program's path.
    pub(super) fn path(&self, program: &str) -> PathBuf {
        self.folder.join(program)
    }

    /// Gives a file or folder to the server's account.
    pub(super) fn own(&self, path: &Path) -> Result<(), ErrorView> {
        #[cfg(unix)]
        if let Some(account) = self.account {
            std::os::unix::fs::chown(path, Some(account.uid), Some(account.gid)).map_err(|error| {
                ErrorView::file(format!("cannot give {} to the server's account", path.display()), &error)
            })?;
        }
        Ok(())
    }
}

fn install_hint() -> &'static str {
    if cfg!(target_os = "macos") {
        "install them, then open the workspace again: brew install postgresql@17"
    } else {
        "install them, then open the workspace again: sudo apt install postgresql"
    }
}

fn server_account() -> Result<Account, ErrorView> {
    let passwd =
        std::fs::read_to_string("/etc/passwd").map_err(|error| ErrorView::file("cannot read /etc/passwd", &error))?;
    let account = passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        if fields.next()? != "postgres" {
            return None;
        }
        Some(Account { uid: fields.nth(1)?.parse().ok()?, gid: fields.next()?.parse().ok()? })
    });
    account.ok_or_else(|| {
        ErrorView::not_found(
            "PostgreSQL does not run as root, and there is no user `postgres` to run the sample's server",
        )
        .with_hint("make one with: useradd --system postgres; or use Firn as another user than root")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn install(folder: &Path, programs: &[&str]) {
        fs::create_dir_all(folder).unwrap();
        programs.iter().for_each(|program| fs::write(folder.join(program), "").unwrap());
    }

    #[test]
    fn the_newest_complete_version_is_taken_and_the_search_path_last() {
        let base = tempfile::tempdir().unwrap();
        let (debian, elsewhere) = (base.path().join("debian"), base.path().join("elsewhere"));
        let path = elsewhere.to_str().unwrap();
        install(&elsewhere, &NEEDED);
        assert_eq!(Programs::find_in(&debian, Some(path)).unwrap().folder, elsewhere);
        install(&debian.join("9/bin"), &NEEDED);
        install(&debian.join("15/bin"), &NEEDED);
        install(&debian.join("17/bin"), &["psql"]);
        assert_eq!(Programs::find_in(&debian, Some(path)).unwrap().folder, debian.join("15/bin"));
    }

    #[test]
    fn without_programs_it_is_said_what_to_install() {
        let base = tempfile::tempdir().unwrap();
        let error = Programs::find_in(base.path(), Some("/nonexistent")).unwrap_err();
        assert_eq!(error.code, "not_found");
        assert!(
            error.hint.unwrap().ends_with(": sudo apt install postgresql"),
            "the command stands alone, to be copied"
        );
    }
}
