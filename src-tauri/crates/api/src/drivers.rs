//! From connections of a workspace to drivers, and to an engine over them. The one file that knows which kind of
//! connection can play which role.

use crate::Firn;
use crate::error::code;
use crate::folder::{Folder, Usable};
use crate::process;
use crate::wire::ErrorView;
use firn_connector::{ErrorKind, Holder};
use firn_duckdb::{DuckdbSettings, DuckdbTarget};
use firn_postgres::{Password, PgSettings, PostgresSource, PostgresState, TlsMode};
use firn_secret::{Origin, Resolution};
use firn_sync::{Engine, EngineSettings};
use firn_workspace::{Connection, Postgres, Settings, Tls, Workspace};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How long a command waits for a warehouse that another process has open. A run gives it up at its end, and a service
/// between its rounds; a first load may take its time.
const PATIENCE: Duration = Duration::from_secs(600);

/// An engine over open drivers.
pub(crate) struct Drivers {
    pub(crate) engine: Arc<Engine>,
    /// What to say where a server turns the sign-in down.
    pub(crate) advice: SignInAdvice,
}

impl Drivers {
    /// Gives up the target's lock, so that other processes can open it.
    pub(crate) async fn close(self) -> Result<(), ErrorView> {
        Ok(self.engine.target.close().await?)
    }
}

/// How a PostgreSQL connection signs in.
pub(crate) struct Access {
    pub(crate) settings: PgSettings,
    /// What to do where the server turns the sign-in down; a driver knows neither the connection's name nor whether a
    /// password was there.
    pub(crate) refused: String,
}

/// What to do about a sign-in that was turned down, by side.
#[derive(Debug, Clone, Default)]
pub(crate) struct SignInAdvice {
    source: Option<String>,
    state: Option<String>,
}

impl SignInAdvice {
    /// Makes the advice of a command that asks the source alone.
    pub(crate) fn of_source(refused: String) -> Self {
        Self { source: Some(refused), state: None }
    }

    /// Puts the advice into an error about a sign-in; leaves every other as it is.
    pub(crate) fn explain(&self, mut error: ErrorView) -> ErrorView {
        if error.code == code(ErrorKind::SignIn) {
            let advice = match error.side.as_deref() {
                Some("source") => self.source.clone(),
                Some("state") => self.state.clone(),
                _ => None,
            };
            error.hint = advice.or(error.hint);
        }
        error
    }
}

impl Firn {
    /// Makes sure that each connection is of a kind that can play its role, before anything is connected.
    ///
    /// # Errors
    /// `configuration` where one is not.
    pub(crate) fn check_kinds(usable: &Usable) -> Result<(), ErrorView> {
        let roles = usable.roles()?;
        duckdb(&usable.folder, roles.target)?;
        for (connection, role) in [(roles.source, "source"), (roles.state, "state")] {
            if !matches!(connection.settings, Settings::Postgres(_)) {
                return Err(wrong_kind(connection, role, "postgres"));
            }
        }
        Ok(())
    }

    /// Opens the drivers of a sync. Little is connected yet.
    ///
    /// # Errors
    /// `configuration` where a connection is of a kind that cannot play its role.
    pub(crate) async fn drivers(&self, usable: &Usable) -> Result<Drivers, ErrorView> {
        self.drivers_for(usable, self.inner.holder.clone(), EngineSettings::default(), PATIENCE).await
    }

    /// Opens the drivers of a look that nobody has asked for: a warehouse that another process has open is not waited for.
    ///
    /// # Errors
    /// As [`Firn::drivers`].
    pub(crate) async fn drivers_to_look(&self, usable: &Usable) -> Result<Drivers, ErrorView> {
        self.drivers_for(usable, self.inner.holder.clone(), EngineSettings::default(), Duration::ZERO).await
    }

    /// Opens the drivers of the service, which polls: what it finds unchanged, again and again, is not logged.
    pub(crate) async fn drivers_to_serve(&self, usable: &Usable) -> Result<Drivers, ErrorView> {
        let settings = EngineSettings { log_idle: false, ..EngineSettings::default() };
        self.drivers_for(usable, process::schedule_of(&self.inner.holder), settings, PATIENCE).await
    }

    async fn drivers_for(
        &self,
        usable: &Usable,
        ours: Holder,
        settings: EngineSettings,
        patience: Duration,
    ) -> Result<Drivers, ErrorView> {
        let roles = usable.roles()?;
        let settings = EngineSettings {
            max_retries: usable.workspace.max_retries,
            error_payloads: usable.workspace.error_payloads,
            ..settings
        };
        let folder = &usable.folder;
        let target = DuckdbSettings { lock_wait: patience, ..duckdb(folder, roles.target)? };
        let (source, state) = futures::try_join!(
            self.postgres(folder, roles.source, "source"),
            self.postgres(folder, roles.state, "state"),
        )?;
        let advice = SignInAdvice { source: Some(source.refused), state: Some(state.refused) };
        let readers = u32::try_from(settings.readers + settings.tables).unwrap_or(u32::MAX);
        let (source, state) = futures::try_join!(
            PostgresSource::open(&source.settings, readers),
            PostgresState::open(&state.settings, &usable.workspace.state_schema),
        )?;
        let source = self.with_primary(folder, &usable.workspace, roles.source, source).await?;
        let engine = Engine::new(
            Arc::new(source),
            Arc::new(self.waiting_aloud(DuckdbTarget::new(target))),
            Arc::new(state.with_retention(usable.workspace.error_retention_days)),
            ours.clone(),
            format!("{}:{}", ours.host, folder.name),
            settings,
            Arc::new(move |holder| process::is_alive(holder, &ours)),
        );
        Ok(Drivers { engine: Arc::new(engine), advice })
    }

    /// Has the shell told while a warehouse is waited for.
    pub(crate) fn waiting_aloud(&self, target: DuckdbTarget) -> DuckdbTarget {
        let host = Arc::clone(&self.inner.options.host);
        target.with_notice(Arc::new(move |message| host.waiting(message)))
    }

    /// Gives a source that is a standby the connection to its primary, where the document names one.
    async fn with_primary(
        &self,
        folder: &Folder,
        workspace: &Workspace,
        connection: &Connection,
        source: PostgresSource,
    ) -> Result<PostgresSource, ErrorView> {
        let Settings::Postgres(Postgres { primary: Some(name), .. }) = &connection.settings else { return Ok(source) };
        let primary = workspace.connection(name).ok_or_else(|| {
            ErrorView::configuration(format!("the primary of {} is `{name}`, which is no connection", connection.name))
        })?;
        let access = self.postgres(folder, primary, "primary").await?;
        Ok(source.with_primary(&access.settings).await?)
    }

    /// Opens the state tables alone.
    pub(crate) async fn state(&self, usable: &Usable) -> Result<(PostgresState, SignInAdvice), ErrorView> {
        let access = self.postgres(&usable.folder, usable.roles()?.state, "state").await?;
        let state = PostgresState::open(&access.settings, &usable.workspace.state_schema).await?;
        Ok((state, SignInAdvice { source: None, state: Some(access.refused) }))
    }

    /// Returns how a PostgreSQL connection signs in, with its secret; a sample's server is started.
    pub(crate) async fn postgres(
        &self,
        folder: &Folder,
        connection: &Connection,
        role: &str,
    ) -> Result<Access, ErrorView> {
        let Settings::Postgres(postgres) = &connection.settings else {
            return Err(wrong_kind(connection, role, "postgres"));
        };
        let mut settings = PgSettings::new(&postgres.host, &postgres.database, &postgres.user);
        settings.port = postgres.port;
        settings.tls = tls(postgres.tls);
        settings.root_cert = postgres.ca_file.as_ref().map(|file| path_in(folder, file));
        if self.inner.samples.owns(&postgres.host) {
            self.inner.samples.ensure(&postgres.host).await?;
            return Ok(Access { settings, refused: "make the sample again in another folder".to_owned() });
        }
        let name = &connection.name;
        let variable = firn_secret::variable_name(name);
        let refused = match self.secret(connection).await? {
            Some(Resolution::Found { secret, origin }) => {
                settings.password = Some(Password::new(secret.expose()));
                match origin {
                    Origin::Variable(variable) => {
                        format!("check the user of {name}, and the password in the variable {variable}")
                    }
                    Origin::Definition => {
                        format!("check the user and the password in the variables that define {name}")
                    }
                    Origin::Keyring => {
                        format!(
                            "check the user of {name}, or keep the right password with `firn connection set-secret {name}`"
                        )
                    }
                }
            }
            None | Some(Resolution::Missing) => format!(
                "no password is known for {name}: keep one with `firn connection set-secret {name}`, or set the variable {variable}"
            ),
            // A server may ask for no password; only where it does, the keyring matters.
            Some(Resolution::Unavailable(trouble)) => trouble.to_string(),
        };
        Ok(Access { settings, refused })
    }
}

/// Returns the settings of a DuckDB target.
pub(crate) fn duckdb(folder: &Folder, connection: &Connection) -> Result<DuckdbSettings, ErrorView> {
    let Settings::DuckDb(duckdb) = &connection.settings else {
        return Err(wrong_kind(connection, "target", "duckdb"));
    };
    Ok(DuckdbSettings { lock_wait: PATIENCE, ..DuckdbSettings::new(path_in(folder, &duckdb.path)) })
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
