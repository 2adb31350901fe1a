//! The sample: a small shop in a private PostgreSQL server that lives as long as somebody uses it.
//!
//! A server's folder holds its data, its socket, its log and two locks. Whoever uses it holds `users.lock` shared; the
//! one that finds nobody else there when it leaves stops the server. A crash counts as leaving: see [`server`].

mod programs;
mod server;

use crate::wire::ErrorView;
use programs::Programs;
use server::{Server, Stay};
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The database of the sample.
pub(crate) const DATABASE: &str = "shop";
/// The role that signs in to it.
pub(crate) const USER: &str = "firn";
/// The port in the socket's file name; nothing listens on TCP.
pub(crate) const PORT: u16 = 5432;

/// The servers of samples on this machine, and which of them this process uses.
pub(crate) struct Samples {
    root: PathBuf,
    search_path: Option<String>,
    used: tokio::sync::Mutex<HashMap<PathBuf, Stay>>,
}

impl Samples {
    /// Makes the view of servers under the folder of local state. `search_path` is the variable PATH.
    pub(crate) fn new(data_dir: &Path, search_path: Option<&String>) -> Self {
        let root = if programs::runs_as_root() {
            // The servers' own account must reach its folders, and root's home is closed to it.
            PathBuf::from("/var/lib/firn/samples")
        } else {
            data_dir.join("samples")
        };
        Self { root, search_path: search_path.cloned(), used: tokio::sync::Mutex::default() }
    }

    /// Sets a folder aside for a new server and returns the folder of its socket, which stays the same.
    pub(crate) fn reserve(&self) -> Result<PathBuf, ErrorView> {
        Ok(Server::reserve(&self.root)?.socket().to_owned())
    }

    /// Makes sure that the server behind a host answers, where the host is the socket of a sample; does nothing for
    /// every other host. The server stays until [`Samples::release`].
    ///
    /// # Errors
    /// `not_found` where no server programs are installed, with what to install; the server's own words where it does
    /// not start.
    pub(crate) async fn ensure(&self, host: &str) -> Result<(), ErrorView> {
        let Some(server) = self.find(host) else { return Ok(()) };
        let mut used = self.used.lock().await;
        if used.contains_key(server.folder()) && server.answers() {
            return Ok(());
        }
        let programs = Programs::find(self.search_path.as_deref())?;
        let folder = server.folder().to_owned();
        let stay = tokio::task::spawn_blocking(move || server.stay(&programs)).await;
        let stay =
            stay.map_err(|panic| ErrorView::other(format!("the sample's server could not be started: {panic}")))??;
        used.insert(folder, stay);
        Ok(())
    }

    /// Returns whether a host is the socket of a sample.
    pub(crate) fn owns(&self, host: &str) -> bool {
        self.find(host).is_some()
    }

    /// Gives up every server this process uses, and waits until those that nobody else uses have stopped.
    pub(crate) async fn release(&self) {
        let stays: Vec<Stay> = self.used.lock().await.drain().map(|(_, stay)| stay).collect();
        if stays.is_empty() {
            return;
        }
        let left = tokio::task::spawn_blocking(move || stays.into_iter().for_each(Stay::leave)).await;
        if let Err(panic) = left {
            tracing::warn!(%panic, "a sample's server was not given up");
        }
    }

    fn find(&self, host: &str) -> Option<Server> {
        if !host.starts_with('/') {
            return None;
        }
        let folders = fs::read_dir(&self.root).ok()?;
        let servers = folders.filter_map(|entry| Server::open(&entry.ok()?.path()));
        servers.into_iter().find(|server| server.socket() == Path::new(host))
    }
}
