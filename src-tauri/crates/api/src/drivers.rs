//! From connections of a workspace to drivers, and to an engine over them. The one file that knows which kind of
//! connection can play which role.

use crate::Firn;
use crate::folder::{Folder, Usable};
use crate::process;
use crate::wire::ErrorView;
use firn_connector::{ErrorKind, StateStore};
use firn_duckdb::{DuckdbSettings, DuckdbTarget};
use firn_postgres::{Password, PgSettings, PostgresSource, PostgresState, TlsMode};
use firn_secret::Resolution;
use firn_sync::{Engine, EngineSettings};
use firn_workspace::{Connection, Settings, Tls};
use std::path::PathBuf;
use std::sync::Arc;

/// An engine over open drivers.
pub(crate) struct Drivers {
    pub(crate) engine: Arc<Engine>,
}

impl Drivers {
    /// Gives up the target's lock, so that other processes can open it.
    pub(crate) async fn close(self) -> Result<(), ErrorView> {
        Ok(self.engine.target.close().await?)
    }
}

impl Firn {
    /// Opens the drivers of a sync. Little is connected yet.
    ///
    /// # Errors
    /// `configuration` where a connection is of a kind that cannot play its role.
    pub(crate) async fn drivers(&self, usable: &Usable) -> Result<Drivers, ErrorView> {
        let roles = usable.roles()?;
        let settings = EngineSettings { max_retries: usable.workspace.max_retries, ..EngineSettings::default() };
        let folder = &usable.folder;
        let target = duckdb(folder, roles.target)?;
        let (source, state) = futures::try_join!(
            self.postgres(folder, roles.source, "source"),
            self.postgres(folder, roles.state, "state"),
        )?;
        let readers = u32::try_from(settings.readers + settings.tables).unwrap_or(u32::MAX);
        let (source, state) = futures::try_join!(
            PostgresSource::open(&source, readers),
            PostgresState::open(&state, &usable.workspace.state_schema),
        )?;
        let ours = self.inner.holder.clone();
        let engine = Engine::new(
            Arc::new(source),
            Arc::new(DuckdbTarget::new(target)),
            Arc::new(state),
            ours.clone(),
            format!("{}:{}", ours.host, folder.name),
            settings,
            Arc::new(move |holder| process::is_alive(holder, &ours)),
        );
        Ok(Drivers { engine: Arc::new(engine) })
    }

    /// Opens the state tables alone.
    pub(crate) async fn state(&self, usable: &Usable) -> Result<Arc<dyn StateStore>, ErrorView> {
        let roles = usable.roles()?;
        let settings = self.postgres(&usable.folder, roles.state, "state").await?;
        Ok(Arc::new(PostgresState::open(&settings, &usable.workspace.state_schema).await?))
    }

    /// Returns how a PostgreSQL connection signs in, with its secret; a sample's server is started.
    pub(crate) async fn postgres(
        &self,
        folder: &Folder,
        connection: &Connection,
        role: &str,
    ) -> Result<PgSettings, ErrorView> {
        let Settings::Postgres(postgres) = &connection.settings else {
            return Err(wrong_kind(connection, role, "postgres"));
        };
        let mut settings = PgSettings::new(&postgres.host, &postgres.database, &postgres.user);
        settings.port = postgres.port;
        settings.tls = tls(postgres.tls);
        settings.root_cert = postgres.ca_file.as_ref().map(|file| folder.path.join(file));
        if self.inner.samples.owns(&postgres.host) {
            self.inner.samples.ensure(&postgres.host).await?;
            return Ok(settings);
        }
        match self.secret(connection).await? {
            Some(Resolution::Found { secret, .. }) => settings.password = Some(Password::new(secret.expose())),
            None | Some(Resolution::Missing) => {}
            // A server may ask for no password. Where it does, its refusal says so, and the keyring's trouble is told below.
            Some(Resolution::Unavailable(error)) => {
                tracing::debug!(%error, connection = connection.name, "the keyring could not be asked");
            }
        }
        Ok(settings)
    }

    /// Adds to a refused sign-in why no password was there to send.
    pub(crate) async fn explain_sign_in(&self, mut error: ErrorView, connection: &Connection) -> ErrorView {
        if error.code != crate::error::code(ErrorKind::SignIn) {
            return error;
        }
        let name = &connection.name;
        match self.secret(connection).await {
            Ok(Some(Resolution::Unavailable(trouble))) => error.hint = Some(trouble.to_string()),
            Ok(Some(Resolution::Missing)) => {
                error.hint = Some(format!(
                    "no password is known for {name}: keep one with `firn connection set-secret {name}`, or set {}",
                    firn_secret::variable_name(name)
                ));
            }
            Ok(Some(Resolution::Found { .. }) | None) | Err(_) => {}
        }
        error
    }
}

/// Returns the settings of a DuckDB target.
pub(crate) fn duckdb(folder: &Folder, connection: &Connection) -> Result<DuckdbSettings, ErrorView> {
    let Settings::DuckDb(duckdb) = &connection.settings else {
        return Err(wrong_kind(connection, "target", "duckdb"));
    };
    Ok(DuckdbSettings::new(path_in(folder, &duckdb.path)))
}

/// Returns a path of the document; a relative one starts from the workspace's folder.
pub(crate) fn path_in(folder: &Folder, path: &str) -> PathBuf {
    folder.path.join(path)
}

fn tls(tls: Tls) -> TlsMode {
    match tls {
        Tls::Disable => TlsMode::Disable,
        Tls::Allow => TlsMode::Allow,
        Tls::Prefer => TlsMode::Prefer,
        Tls::Require => TlsMode::Require,
        Tls::VerifyCa => TlsMode::VerifyCa,
        Tls::VerifyFull => TlsMode::VerifyFull,
    }
}

fn wrong_kind(connection: &Connection, role: &str, wanted: &str) -> ErrorView {
    let kind = connection.settings.kind();
    ErrorView::configuration(format!(
        "this version cannot use {} as the {role}: it is of the kind {kind}, and only {wanted} can be the {role} of a sync",
        connection.name
    ))
    .with_hint(format!("name a connection of the kind {wanted}: `{role}: NAME` in the file, or --{role} NAME where there is such an option"))
}
