//! Checks of connections, by kind: findings in order, each with its fix.

use crate::Firn;
use crate::drivers::{duckdb, path_in};
use crate::folder::Usable;
use crate::wire::ErrorView;
use firn_connector::{Finding, Level, Target as _};
use firn_duckdb::DuckdbTarget;
use firn_postgres::check::Purpose;
use firn_secret::Resolution;
use firn_workspace::{Connection, Settings};
use std::fs;

/// Checks a connection for what the workspace uses it for.
pub(crate) async fn connection(
    firn: &Firn,
    usable: &Usable,
    connection: &Connection,
) -> Result<Vec<Finding>, ErrorView> {
    match &connection.settings {
        Settings::Postgres(_) => postgres(firn, usable, connection).await,
        Settings::DuckDb(_) => warehouse(usable, connection).await,
        Settings::Folder(folder) => Ok(vec![self::folder(usable, &folder.path)]),
        Settings::Snowflake(_) | Settings::SqlServer(_) | Settings::S3(_) => {
            let message =
                format!("this version cannot connect to {} yet; the settings are kept", connection.settings.kind());
            Ok(vec![Finding::new(Level::Critical, "kind", message)])
        }
    }
}

async fn postgres(firn: &Firn, usable: &Usable, connection: &Connection) -> Result<Vec<Finding>, ErrorView> {
    let mut findings = Vec::new();
    let secret = firn.secret(connection).await?;
    if let Some(Resolution::Unavailable(trouble)) = &secret {
        findings.push(Finding::new(Level::Warning, "keyring", trouble.to_string()));
    }
    let settings = match firn.postgres(&usable.folder, connection, "source").await {
        Ok(settings) => settings,
        Err(error) => {
            let finding = Finding::new(Level::Critical, &error.code, error.message);
            findings.push(match error.hint {
                Some(hint) => finding.with_fix(hint),
                None => finding,
            });
            return Ok(findings);
        }
    };
    let name = Some(connection.name.as_str());
    let workspace = &usable.workspace;
    let source = workspace.source.as_deref() == name;
    let state = workspace.state.as_deref().or(workspace.source.as_deref()) == name;
    let purpose = Purpose { source: source || !state, state_schema: state.then(|| workspace.state_schema.clone()) };
    let checked = firn_postgres::check::check(&settings, &purpose).await;
    findings.extend(checked.into_iter().map(|finding| with_secret_advice(finding, connection)));
    Ok(findings)
}

/// Names the connection in advice about its password, which the driver knows no name for.
fn with_secret_advice(finding: Finding, connection: &Connection) -> Finding {
    let (name, variable) = (&connection.name, firn_secret::variable_name(&connection.name));
    let fix = match finding.code.as_str() {
        "password_missing" => format!("Keep one with `firn connection set-secret {name}`, or set the variable {variable}."),
        "password" => format!(
            "Keep the right one with `firn connection set-secret {name}`; the variable {variable}, where it is set, wins over it."
        ),
        _ => return finding,
    };
    finding.with_fix(fix)
}

async fn warehouse(usable: &Usable, connection: &Connection) -> Result<Vec<Finding>, ErrorView> {
    let settings = duckdb(&usable.folder, connection)?;
    let path = settings.path.display().to_string();
    let is_new = !settings.path.exists();
    let target = DuckdbTarget::new(settings);
    let identity = target.identity().await;
    let closed = target.close().await;
    Ok(match identity.and_then(|identity| closed.map(|()| identity)) {
        Ok(_) if is_new => vec![Finding::new(Level::Ok, "open", format!("{path} was made and can be written"))],
        Ok(_) => vec![Finding::new(Level::Ok, "open", format!("{path} can be read and written"))],
        Err(error) => {
            let finding = Finding::new(Level::Critical, crate::error::code(error.kind), error.chain());
            vec![match error.hint {
                Some(hint) => finding.with_fix(hint),
                None => finding,
            }]
        }
    })
}

fn folder(usable: &Usable, path: &str) -> Finding {
    let path = path_in(&usable.folder, path);
    match fs::read_dir(&path) {
        Ok(_) => Finding::new(Level::Ok, "folder", format!("{} can be read", path.display())),
        Err(error) => Finding::new(Level::Critical, "folder", format!("{} cannot be read: {error}", path.display()))
            .with_fix(format!("mkdir -p '{}'", path.display())),
    }
}
