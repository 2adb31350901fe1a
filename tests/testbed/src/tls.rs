//! Certificates made by the openssl program.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::account::Account;
use crate::faults::Faults;
use crate::program::{find, run};

/// The files of a server with TLS.
#[derive(Debug)]
pub(crate) struct TlsFiles {
    /// The certificate of the authority that signed the server's.
    pub(crate) authority: PathBuf,
    /// The server's certificate.
    pub(crate) certificate: PathBuf,
    /// The server's private key, readable by the server's account only.
    pub(crate) key: PathBuf,
}

/// Makes an authority and a server certificate signed by it in a new folder. They are two certificates because strict
/// clients refuse an authority's certificate as a server's own.
///
/// The server's certificate is valid for a month from `from` seconds after now, by way of a wrong clock for openssl.
pub(crate) fn make(account: &Account, folder: &Path, names: &[&str], from: i64) -> Result<TlsFiles> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    account.own(folder)?;
    let openssl = find("openssl")?;
    let faults = Faults::new()?;
    let run_openssl = |arguments: &str, extra: &[&str]| {
        let mut command = account.command(&openssl);
        command.envs(faults.variables());
        command.current_dir(folder).args(arguments.split_whitespace()).args(extra);
        run(&mut command).context("cannot make a certificate").map(drop)
    };
    let extensions = format!(
        "basicConstraints = critical, CA:FALSE\nkeyUsage = critical, digitalSignature\n\
         extendedKeyUsage = serverAuth\nsubjectAltName = {}\n",
        names.join(", ")
    );
    account.write(&folder.join("server.ext"), &extensions)?;
    let new_key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    run_openssl(
        &format!("req -x509 {new_key} -keyout ca.key -out ca.crt -days 3650 -subj"),
        &["/CN=Test authority", "-addext", "keyUsage = critical, keyCertSign"],
    )?;
    run_openssl(&format!("req -new {new_key} -keyout server.key -out server.csr -subj"), &["/CN=Test server"])?;
    faults.set_clock(from)?;
    run_openssl(
        "x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -extfile server.ext -out server.crt",
        &[],
    )?;
    Ok(TlsFiles {
        authority: folder.join("ca.crt"),
        certificate: folder.join("server.crt"),
        key: folder.join("server.key"),
    })
}
