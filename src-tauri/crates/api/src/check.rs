//! Checks of connections, by kind: findings in order, each with its fix.

use crate::Firn;
use crate::drivers::{duckdb, path_in};
use crate::error::code;
use crate::folder::Usable;
use crate::view;
use crate::wire::{AppEvent, ErrorView};
use firn_connector::{Finding, Level, Target as _};
use firn_duckdb::DuckdbTarget;
use firn_postgres::check::Purpose;
use firn_workspace::{Connection, Settings};
use std::fs;
use std::path::Path;

/// Checks a connection for what the workspace uses it for.
pub(crate) async fn connection(
    firn: &Firn,
    usable: &Usable,
    connection: &Connection,
) -> Result<Vec<Finding>, ErrorView> {
    match &connection.settings {
        Settings::Postgres(_) => postgres(firn, usable, connection).await,
        Settings::DuckDb(_) => warehouse(firn, usable, connection).await,
        Settings::Folder(folder) => Ok(vec![self::folder(usable, &folder.path)]),
        Settings::Snowflake(_) | Settings::SqlServer(_) | Settings::S3(_) => {
            let message =
                format!("this version cannot connect to {} yet; the settings are kept", connection.settings.kind());
            Ok(vec![Finding::new(Level::Critical, "kind", message)])
        }
    }
}

async fn postgres(firn: &Firn, usable: &Usable, connection: &Connection) -> Result<Vec<Finding>, ErrorView> {
    let access = match firn.postgres(&usable.folder, connection, "source").await {
        Ok(access) => access,
        Err(error) => {
            let finding = Finding::new(Level::Critical, &error.code, error.message);
            return Ok(vec![Finding { fix: error.hint, ..finding }]);
        }
    };
    let name = Some(connection.name.as_str());
    let workspace = &usable.workspace;
    let source = workspace.source.as_deref() == name;
    let state = workspace.state.as_deref().or(workspace.source.as_deref()) == name;
    let purpose = Purpose { source: source || !state, state_schema: state.then(|| workspace.state_schema.clone()) };
    let hear = |place: usize, finding: &Finding| {
        let finding = with_password_advice(finding.clone(), &access.refused);
        firn.inner.options.host.app(AppEvent::Found {
            folder: usable.folder.name.clone(),
            connection: connection.name.clone(),
            place: u32::try_from(place).unwrap_or(u32::MAX),
            finding: view::finding(&finding),
        });
    };
    let findings = firn_postgres::check::check_aloud(&access.settings, &purpose, &hear).await;
    Ok(findings.into_iter().map(|finding| with_password_advice(finding, &access.refused)).collect())
}

/// Puts advice that knows the connection into findings about its password.
fn with_password_advice(finding: Finding, refused: &str) -> Finding {
    if matches!(finding.code.as_str(), "password_missing" | "password") { finding.with_fix(refused) } else { finding }
}

async fn warehouse(firn: &Firn, usable: &Usable, connection: &Connection) -> Result<Vec<Finding>, ErrorView> {
    let settings = duckdb(&usable.folder, connection)?;
    if !settings.path.exists() {
        return Ok(vec![new_warehouse(&settings.path)]);
    }
    let path = settings.path.display().to_string();
    let target = firn.waiting_aloud(DuckdbTarget::new(settings));
    let identity = target.identity().await;
    let closed = target.close().await;
    Ok(match identity.and_then(|identity| closed.map(|()| identity)) {
        Ok(_) => vec![Finding::new(Level::Ok, "open", format!("{path} can be read and written"))],
        Err(error) => {
            let finding = Finding::new(Level::Critical, code(error.kind), error.chain());
            vec![Finding { fix: error.hint, ..finding }]
        }
    })
}

/// Checks a warehouse that the first run will make, and does not make it: a check changes nothing.
fn new_warehouse(path: &Path) -> Finding {
    let folder = path.parent().unwrap_or(path);
    match fs::metadata(folder) {
        Ok(known) if known.is_dir() && !known.permissions().readonly() => {
            Finding::new(Level::Ok, "open", format!("{} is made by the first run", path.display()))
        }
        Ok(_) => Finding::new(Level::Critical, "folder", format!("nothing can be written into {}", folder.display()))
            .with_fix("name another `path`, or change the folder's permissions"),
        Err(error) => Finding::new(Level::Critical, "folder", format!("the folder {}: {error}", folder.display()))
            .with_fix(format!("mkdir -p '{}'", folder.display())),
    }
}

fn folder(usable: &Usable, path: &str) -> Finding {
    let path = path_in(&usable.folder, path);
    match fs::read_dir(&path) {
        Ok(_) => Finding::new(Level::Ok, "folder", format!("{} can be read", path.display())),
        Err(error) => Finding::new(Level::Critical, "folder", format!("{} cannot be read: {error}", path.display()))
            .with_fix(format!("mkdir -p '{}'", path.display())),
    }
}
