//! Connections and their check against real servers: TLS, passwords, sockets, poolers, and everything that can be wrong.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use firn_connector::{ErrorKind, Finding, Level, Side};
use firn_postgres::connect::open;
use firn_postgres::{Password, PgSettings, Purpose, TlsMode, check};
use firn_testbed::{Bouncer, Cluster, ClusterOptions, Fault};
use sqlx::{PgPool, Row};
use std::path::PathBuf;
use std::time::{Duration, Instant};

fn settings(cluster: &Cluster, tls: TlsMode) -> PgSettings {
    let mut settings = PgSettings::new("127.0.0.1", "postgres", "postgres");
    settings.port = cluster.port();
    settings.tls = tls;
    settings.connect_timeout = Duration::from_secs(3);
    settings
}

async fn encrypted(settings: &PgSettings) -> firn_connector::Result<bool> {
    let pool = open(settings, Side::Source, 2).await?;
    let sql = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    let row =
        sqlx::raw_sql(sql).fetch_one(&pool).await.map_err(|e| firn_postgres::error::from_sqlx(e, Side::Source))?;
    Ok(row.try_get(0).unwrap())
}

async fn answers(pool: &PgPool) -> bool {
    sqlx::raw_sql("SELECT 1").fetch_one(pool).await.is_ok()
}

fn source() -> Purpose {
    Purpose { source: true, state_schema: None }
}

fn both() -> Purpose {
    Purpose { source: true, state_schema: Some("public".into()) }
}

fn codes(findings: &[Finding]) -> Vec<(Level, &str)> {
    findings.iter().map(|finding| (finding.level, finding.code.as_str())).collect()
}

async fn ends_with(settings: &PgSettings, code: &str) -> Vec<Finding> {
    let findings = check(settings, &source()).await;
    let last = findings.last().unwrap();
    assert_eq!((last.level, last.code.as_str()), (Level::Critical, code), "{findings:?}");
    assert!(last.fix.as_ref().is_some_and(|fix| !fix.is_empty()), "{last:?}");
    findings
}

struct Encrypted {
    cluster: Cluster,
    authority: PathBuf,
}

/// A server that takes encrypted sessions of anybody, and plain ones only of `plain`.
fn encrypted_server(names: &[&str]) -> Encrypted {
    let cluster = Cluster::start(ClusterOptions::new()).unwrap();
    let authority = cluster.enable_tls_for(names).unwrap();
    cluster.psql("postgres", "CREATE ROLE plain LOGIN; CREATE ROLE secure LOGIN").unwrap();
    cluster
        .set_hba(&[
            "local all all trust",
            "hostnossl all plain 127.0.0.1/32 trust",
            "hostssl all secure 127.0.0.1/32 trust",
            "host all postgres 127.0.0.1/32 trust",
        ])
        .unwrap();
    Encrypted { cluster, authority }
}

#[tokio::test]
async fn a_certificate_is_verified_with_its_authority_and_name() {
    let server = encrypted_server(&["DNS:localhost", "IP:127.0.0.1"]);
    let mut full = settings(&server.cluster, TlsMode::VerifyFull);
    // Without its authority the certificate is a stranger's.
    let error = encrypted(&full).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Configuration, "{}", error.chain());
    assert!(error.hint.unwrap().contains("ca_file"));
    ends_with(&full, "tls_unknown_authority").await;

    full.root_cert = Some(server.authority.clone());
    assert!(encrypted(&full).await.unwrap());
    full.host = "localhost".into();
    server.cluster.psql("postgres", "CREATE TABLE t (id int)").unwrap();
    assert!(encrypted(&full).await.unwrap());
    let findings = check(&full, &both()).await;
    assert!(findings.iter().all(|finding| finding.level <= Level::Info), "{findings:?}");
    let order: Vec<&str> = findings.iter().map(|finding| finding.code.as_str()).collect();
    assert_eq!(order[..3], ["host", "tls", "sign_in"]);
    assert_eq!(order.last(), Some(&"clock"));

    // Another authority's certificate does not help.
    let other = encrypted_server(&["DNS:localhost"]);
    full.root_cert = Some(other.authority.clone());
    assert!(encrypted(&full).await.is_err());
    ends_with(&full, "tls_unknown_authority").await;
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused_unless_only_the_authority_is_asked_for() {
    let server = encrypted_server(&["DNS:db.example"]);
    let mut settings = settings(&server.cluster, TlsMode::VerifyFull);
    settings.root_cert = Some(server.authority.clone());
    assert_eq!(encrypted(&settings).await.unwrap_err().kind, ErrorKind::Configuration);
    ends_with(&settings, "tls_wrong_name").await;
    settings.tls = TlsMode::VerifyCa;
    assert!(encrypted(&settings).await.unwrap());
    settings.tls = TlsMode::Require;
    settings.root_cert = None;
    assert!(encrypted(&settings).await.unwrap());
}

#[tokio::test]
async fn the_modes_do_what_those_of_libpq_do() {
    let server = encrypted_server(&["DNS:localhost"]);
    let plain_server = Cluster::shared().unwrap();
    plain_server.psql("postgres", "CREATE ROLE secure LOGIN; CREATE ROLE plain LOGIN").unwrap();
    let outcome = async |cluster: &Cluster, user: &str, tls| {
        let mut settings = settings(cluster, tls);
        settings.user = user.into();
        encrypted(&settings).await.ok()
    };
    // Expected: (mode, who may come either way, who must be encrypted, who must not be, a server without TLS).
    let table = [
        (TlsMode::Disable, Some(false), None, Some(false), Some(false)),
        (TlsMode::Allow, Some(false), Some(true), Some(false), Some(false)),
        (TlsMode::Prefer, Some(true), Some(true), Some(false), Some(false)),
        (TlsMode::Require, Some(true), Some(true), None, None),
    ];
    for (mode, either, secure, plain, without) in table {
        assert_eq!(outcome(&server.cluster, "postgres", mode).await, either, "{mode} either");
        assert_eq!(outcome(&server.cluster, "secure", mode).await, secure, "{mode} secure");
        assert_eq!(outcome(&server.cluster, "plain", mode).await, plain, "{mode} plain");
        assert_eq!(outcome(plain_server, "postgres", mode).await, without, "{mode} without");
    }
    let verify = settings(plain_server, TlsMode::VerifyFull);
    assert_eq!(encrypted(&verify).await.unwrap_err().kind, ErrorKind::Configuration);
    ends_with(&verify, "tls_refused").await;
}

#[tokio::test]
async fn a_file_of_authorities_that_is_not_one_is_named() {
    let mut settings = settings(Cluster::shared().unwrap(), TlsMode::VerifyFull);
    settings.root_cert = Some("/no/such/authority.pem".into());
    let error = open(&settings, Side::Source, 1).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Configuration);
    assert!(error.message.contains("/no/such/authority.pem") && error.source.is_some());
    settings.root_cert = Some("/etc/passwd".into());
    assert!(open(&settings, Side::Source, 1).await.unwrap_err().message.contains("holds no certificate"));
}

#[tokio::test]
async fn scram_passwords_right_wrong_and_missing() {
    let password = "it's\\ a \"p\u{e4}ss\" %41";
    let cluster = Cluster::start(ClusterOptions::new().scram_user("app", password)).unwrap();
    let mut settings = settings(&cluster, TlsMode::Disable);
    settings.user = "app".into();
    ends_with(&settings, "password_missing").await;
    settings.password = Some(Password::new("wrong-secret"));
    let findings = ends_with(&settings, "password").await;
    assert!(!format!("{findings:?}").contains("wrong-secret"));
    let pool = open(&settings, Side::Source, 1).await.unwrap();
    let error = pool.acquire().await.map_err(|e| firn_postgres::error::from_sqlx(e, Side::Source)).unwrap_err();
    assert_eq!(error.kind, ErrorKind::SignIn);
    assert!(!format!("{error:?} {}", error.chain()).contains("wrong-secret"));
    settings.password = Some(Password::new(password));
    assert!(answers(&open(&settings, Side::Source, 1).await.unwrap()).await);
    assert_eq!(check(&settings, &source()).await[2].code, "sign_in");
}

#[tokio::test]
async fn a_socket_is_used_where_the_host_is_a_folder() {
    let cluster = Cluster::shared().unwrap();
    let mut settings = settings(cluster, TlsMode::VerifyFull);
    settings.host = cluster.socket_dir().display().to_string();
    let pool = open(&settings, Side::Source, 1).await.unwrap();
    let row = sqlx::raw_sql("SELECT inet_client_addr() IS NULL").fetch_one(&pool).await.unwrap();
    assert!(row.get::<bool, _>(0));
    let findings = check(&settings, &source()).await;
    assert_eq!(codes(&findings)[..3], [(Level::Ok, "host"), (Level::Ok, "tls"), (Level::Ok, "sign_in")]);
    settings.port = 1;
    ends_with(&settings, "socket").await;
}

#[tokio::test]
async fn hosts_that_do_not_answer_are_told_apart() {
    let cluster = Cluster::shared().unwrap();
    let mut unknown = settings(cluster, TlsMode::Disable);
    unknown.host = "no-such-host.invalid".into();
    ends_with(&unknown, "host_unknown").await;

    let mut refused = settings(cluster, TlsMode::Disable);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    refused.port = listener.local_addr().unwrap().port();
    drop(listener);
    ends_with(&refused, "refused").await;

    // Takes the connection and says nothing.
    let proxy = cluster.proxy().unwrap();
    proxy.set(Fault::BlackHole);
    let mut silent = settings(cluster, TlsMode::VerifyFull);
    silent.port = proxy.port();
    silent.connect_timeout = Duration::from_millis(300);
    let started = Instant::now();
    ends_with(&silent, "timeout").await;
    silent.tls = TlsMode::Disable;
    ends_with(&silent, "connection").await;
    assert!(started.elapsed() < Duration::from_secs(3));

    // Something that is no PostgreSQL.
    let server = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut stranger = settings(cluster, TlsMode::VerifyFull);
    stranger.port = server.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = server.accept().await {
            use tokio::io::AsyncWriteExt;
            let _sent = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    ends_with(&stranger, "not_postgres").await;
}

#[tokio::test]
async fn what_the_server_turns_down_is_told_apart() {
    let options = ClusterOptions::new().hba("host all outsider all reject");
    let cluster = Cluster::start(options).unwrap();
    cluster.psql("postgres", "CREATE ROLE outsider LOGIN; CREATE ROLE low LOGIN; CREATE DATABASE closed").unwrap();
    cluster.psql("postgres", "REVOKE CONNECT ON DATABASE closed FROM PUBLIC").unwrap();
    let with = |user: &str, database: &str| {
        let mut settings = settings(&cluster, TlsMode::Disable);
        (settings.user, settings.database) = (user.into(), database.into());
        settings
    };
    ends_with(&with("outsider", "postgres"), "not_allowed").await;
    ends_with(&with("postgres", "nowhere"), "database_unknown").await;
    let findings = ends_with(&with("low", "closed"), "database_closed").await;
    cluster.psql("postgres", findings.last().unwrap().fix.as_ref().unwrap()).unwrap();
    let findings = check(&with("low", "closed"), &source()).await;
    assert!(findings.iter().all(|finding| finding.level < Level::Critical), "{findings:?}");
}

#[tokio::test]
async fn rights_are_checked_and_the_fixes_fix() {
    let cluster = Cluster::shared().unwrap();
    let sql = "CREATE ROLE low LOGIN; CREATE TABLE t (id int); CREATE SCHEMA kept";
    cluster.psql("postgres", sql).unwrap();
    let mut settings = settings(cluster, TlsMode::Disable);
    settings.user = "low".into();
    let purpose = Purpose { source: true, state_schema: Some("kept".into()) };
    let mut fixed = Vec::new();
    loop {
        let findings = check(&settings, &purpose).await;
        let Some(open) = findings.iter().find(|finding| finding.level > Level::Ok) else { break };
        assert!(!fixed.contains(&open.code), "{open:?} was fixed before");
        cluster.psql("postgres", open.fix.as_ref().unwrap()).unwrap();
        fixed.push(open.code.clone());
    }
    assert_eq!(fixed, ["no_tables", "state_schema", "sees_sessions"]);

    let absent = Purpose { source: false, state_schema: Some("absent".into()) };
    let findings = check(&settings, &absent).await;
    assert_eq!(codes(&findings).last(), Some(&(Level::Critical, "state_schema")));
    settings.user = "postgres".into();
    let findings = check(&settings, &absent).await;
    assert!(codes(&findings).contains(&(Level::Info, "state_schema")));
}

#[tokio::test]
async fn a_standby_is_a_source_with_a_warning_and_no_place_for_state() {
    let cluster = Cluster::shared().unwrap();
    let standby = cluster.standby().unwrap();
    let settings = settings(&standby, TlsMode::Disable);
    let findings = check(&settings, &source()).await;
    assert!(codes(&findings).contains(&(Level::Warning, "standby")), "{findings:?}");
    let findings = check(&settings, &both()).await;
    assert_eq!(codes(&findings).last(), Some(&(Level::Critical, "read_only")));
}

#[tokio::test]
async fn a_prepared_transaction_is_found() {
    let cluster = Cluster::shared().unwrap();
    cluster.psql("postgres", "BEGIN; CREATE TABLE t (id int); PREPARE TRANSACTION 'left behind';").unwrap();
    let findings = check(&settings(cluster, TlsMode::Disable), &source()).await;
    let found = findings.iter().find(|finding| finding.code == "prepared_transaction").unwrap();
    assert!(found.message.contains("left behind"));
    assert!(found.fix.as_ref().unwrap().contains("ROLLBACK PREPARED 'left behind'"));
}

#[tokio::test]
async fn a_pooler_in_transaction_mode_passes_the_check() {
    let cluster = Cluster::shared().unwrap();
    cluster.psql("postgres", "CREATE TABLE t (id int)").unwrap();
    let bouncer = Bouncer::start(cluster, 2).unwrap();
    let mut settings = settings(cluster, TlsMode::Disable);
    settings.port = bouncer.port();
    let findings = check(&settings, &both()).await;
    assert!(findings.iter().all(|finding| finding.level <= Level::Info), "{findings:?}");
}

#[tokio::test]
async fn a_session_begins_with_parameters_that_every_pooler_knows() {
    use tokio::io::AsyncReadExt;
    let server = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut settings = PgSettings::new("127.0.0.1", "app", "reader");
    settings.port = server.local_addr().unwrap().port();
    settings.tls = TlsMode::Disable;
    let pool = open(&settings, Side::Source, 1).await.unwrap();
    let attempt = tokio::spawn(async move { pool.acquire().await.is_err() });
    let (mut stream, _) = server.accept().await.unwrap();
    let length = stream.read_u32().await.unwrap();
    let mut message = vec![0; usize::try_from(length).unwrap() - 4];
    stream.read_exact(&mut message).await.unwrap();
    drop(stream);
    assert!(attempt.await.unwrap());
    // Protocol 3.0, then names and values, each ended by a zero byte.
    assert_eq!(message[..4], [0, 3, 0, 0]);
    let words: Vec<&str> = std::str::from_utf8(&message[4..]).unwrap().trim_end_matches('\0').split('\0').collect();
    let mut names: Vec<&str> = words.chunks(2).map(|pair| pair[0]).collect();
    names.sort_unstable();
    assert_eq!(names, ["DateStyle", "TimeZone", "application_name", "client_encoding", "database", "user"]);
    assert!(words.contains(&"reader") && words.contains(&"firn"));
}

#[tokio::test]
async fn a_pool_says_why_there_is_no_connection_and_survives_a_restart() {
    let cluster = Cluster::shared().unwrap();
    let mut settings = settings(cluster, TlsMode::Disable);
    settings.connect_timeout = Duration::from_millis(200);
    let pool = open(&settings, Side::Source, 1).await.unwrap();
    let held = pool.acquire().await.unwrap();
    let source = firn_postgres::PostgresSource::new(pool.clone());
    let inspect = async || {
        let name = firn_catalog::TableName::new("pg_catalog", "pg_class");
        firn_connector::Source::inspect(&source, &name, &std::collections::BTreeMap::new(), None).await
    };
    let error = inspect().await.unwrap_err();
    assert!(error.is_transient() && error.message.contains("all 1 connections"), "{}", error.chain());
    drop(held);
    inspect().await.unwrap();
    cluster.restart(firn_testbed::StopMode::Fast).unwrap();
    let mut failures = 0;
    while let Err(error) = inspect().await {
        assert!(error.is_transient(), "{}", error.chain());
        failures += 1;
        assert!(failures < 3, "a dead connection is given up at once");
    }
    cluster.stop(firn_testbed::StopMode::Fast).unwrap();
    let mut last = inspect().await.unwrap_err();
    if last.message.contains("broke") {
        // The first failure was that of the connection that was open.
        last = inspect().await.unwrap_err();
    }
    assert!(last.is_transient() && last.chain().contains("does not listen"), "{}", last.chain());
}

#[tokio::test]
async fn a_connection_cut_at_any_byte_is_a_transient_failure() {
    let cluster = Cluster::shared().unwrap();
    let proxy = cluster.proxy().unwrap();
    let mut settings = settings(cluster, TlsMode::Disable);
    settings.port = proxy.port();
    settings.connect_timeout = Duration::from_secs(2);
    let pool = open(&settings, Side::Source, 1).await.unwrap();
    let source = firn_postgres::PostgresSource::new(pool);
    let name = firn_catalog::TableName::new("pg_catalog", "pg_class");
    let expressions = std::collections::BTreeMap::from([("relname".to_owned(), "relname::text".to_owned())]);
    let inspect = || firn_connector::Source::inspect(&source, &name, &expressions, None);
    let before = proxy.bytes_from_server();
    inspect().await.unwrap();
    let all = proxy.bytes_from_server() - before;
    let mut failed = 0;
    for cut in (0..all).step_by(usize::try_from(all / 40).unwrap()) {
        proxy.drop_connections();
        proxy.cut_after(cut);
        match inspect().await {
            // What is sent after the cut was the end of a session that was not needed any more.
            Ok(table) => assert_eq!(table.name, name),
            Err(error) => {
                assert!(error.is_transient(), "cut after {cut} of {all} bytes: {}", error.chain());
                failed += 1;
            }
        }
        proxy.open();
        while inspect().await.is_err() {}
    }
    assert!(failed > 20, "{failed} of 40");
}
