//! The cluster does what tests rely on, seen by psql and by sqlx.
#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use firn_testbed::{Bouncer, Cluster, ClusterOptions, StopMode, psql};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{ConnectOptions, Connection};

#[tokio::test]
async fn a_fresh_cluster_answers_psql_and_sqlx_over_tcp_and_socket() {
    let cluster = Cluster::start(ClusterOptions::new()).unwrap();
    let dsn = cluster.database("shop").unwrap();
    cluster.psql("shop", "CREATE TABLE t (a int, b text); INSERT INTO t VALUES (1, 'x'), (2, NULL);").unwrap();
    assert_eq!(psql(&dsn, "SELECT * FROM t ORDER BY a").unwrap(), "1|x\n2|");

    let pool = cluster.pool("shop").await.unwrap();
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM t").fetch_one(&pool).await.unwrap();
    assert_eq!(count, 2);

    let over_socket = "SELECT inet_server_addr() IS NULL";
    assert_eq!(psql(&cluster.socket_dsn("shop"), over_socket).unwrap(), "t");
    let options: PgConnectOptions = cluster.socket_dsn("shop").parse().unwrap();
    let mut connection = options.connect().await.unwrap();
    assert!(sqlx::query_scalar::<_, bool>(over_socket).fetch_one(&mut connection).await.unwrap());
    let shown =
        cluster.psql("shop", "SHOW fsync; SHOW wal_level; SHOW max_connections; SHOW max_prepared_transactions");
    assert_eq!(shown.unwrap(), "off\nlogical\n60\n10");
}

#[test]
fn clusters_are_copies_of_one_template_and_do_not_wait_for_initdb() {
    let identifier = || {
        let cluster = Cluster::start(ClusterOptions::new()).unwrap();
        cluster.psql("postgres", "SELECT system_identifier FROM pg_control_system()").unwrap()
    };
    // initdb gives each cluster that it makes an identifier of its own.
    assert_eq!(identifier(), identifier());
}

#[test]
fn sql_that_fails_is_an_error_with_the_servers_message() {
    let cluster = Cluster::shared().unwrap();
    let error = cluster.psql("postgres", "SELECT 1; SELECT nonsense; SELECT 2").unwrap_err();
    assert!(format!("{error:#}").contains("column \"nonsense\" does not exist"), "{error:#}");
}

#[test]
fn the_shared_cluster_is_one_server() {
    let (first, second) = (Cluster::shared().unwrap(), Cluster::shared().unwrap());
    assert_eq!(first.pid(), second.pid());
}

#[test]
fn options_reach_the_server() {
    let options =
        ClusterOptions::new().fsync(true).setting("statement_timeout", "300s").setting("max_connections", "21");
    let cluster = Cluster::start(options).unwrap();
    let shown = cluster.psql("postgres", "SHOW fsync; SHOW statement_timeout; SHOW max_connections").unwrap();
    assert_eq!(shown, "on\n5min\n21");
}

#[test]
fn a_scram_user_needs_the_password() {
    let cluster = Cluster::start(ClusterOptions::new().scram_user("app", "it's \"secret\"")).unwrap();
    let stored = cluster.psql("postgres", "SELECT left(rolpassword, 13) FROM pg_authid WHERE rolname = 'app'").unwrap();
    assert_eq!(stored, "SCRAM-SHA-256");
    let encoded = "it%27s%20%22secret%22";
    let user = psql(&cluster.dsn_for("app", encoded, "postgres"), "SELECT current_user").unwrap();
    assert_eq!(user, "app");
    let error = psql(&cluster.dsn_for("app", "wrong", "postgres"), "SELECT 1").unwrap_err();
    assert!(format!("{error:#}").contains("password authentication failed"), "{error:#}");
}

#[test]
fn a_restart_keeps_the_data_and_the_port() {
    let cluster = Cluster::start(ClusterOptions::new()).unwrap();
    cluster.psql("postgres", "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS a").unwrap();
    for mode in [StopMode::Fast, StopMode::Immediate, StopMode::Smart] {
        let before = cluster.pid();
        cluster.restart(mode).unwrap();
        assert_ne!(cluster.pid(), before);
        assert_eq!(cluster.psql("postgres", "SELECT count(*) FROM kept").unwrap(), "1000", "{mode:?}");
    }
    cluster.stop(StopMode::Fast).unwrap();
    assert!(cluster.psql("postgres", "SELECT 1").is_err());
    cluster.start_again().unwrap();
    cluster.kill9().unwrap();
    cluster.start_again().unwrap();
    assert_eq!(cluster.psql("postgres", "SELECT count(*) FROM kept").unwrap(), "1000");
}

#[tokio::test]
async fn killed_backends_lose_their_sessions_and_the_server_recovers() {
    let cluster = Cluster::start(ClusterOptions::new()).unwrap();
    let options: PgConnectOptions = cluster.dsn().parse().unwrap();
    let mut connection = options.connect().await.unwrap();
    assert_eq!(cluster.kill9_backends().unwrap(), 1);
    assert!(sqlx::query("SELECT 1").execute(&mut connection).await.is_err());
    assert_eq!(cluster.psql("postgres", "SELECT 1").unwrap(), "1");
    assert!(cluster.log().unwrap().contains("was terminated by signal 9"));
}

#[tokio::test]
async fn a_paused_server_is_silent_until_it_goes_on() {
    let cluster = Cluster::start(ClusterOptions::new()).unwrap();
    let options: PgConnectOptions = cluster.dsn().parse().unwrap();
    let mut connection = options.connect().await.unwrap();
    cluster.pause().unwrap();
    let mut answer = Box::pin(sqlx::query_scalar::<_, i32>("SELECT 1").fetch_one(&mut connection));
    let early = tokio::time::timeout(Duration::from_millis(300), &mut answer).await;
    assert!(early.is_err(), "a paused server answered");
    cluster.resume().unwrap();
    assert_eq!(answer.await.unwrap(), 1);
}

#[tokio::test]
async fn tls_is_verified_against_the_authority_and_the_name() {
    let cluster = Cluster::start(ClusterOptions::new()).unwrap();
    let authority = cluster.enable_tls().unwrap();
    cluster.set_hba(&["hostssl all all 127.0.0.1/32 trust"]).unwrap();
    let options: PgConnectOptions = cluster.dsn().parse().unwrap();
    let verified = options.clone().ssl_mode(PgSslMode::VerifyFull).ssl_root_cert(&authority);
    let mut connection = verified.connect().await.unwrap();
    let sql = "SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    let version: String = sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap();
    assert!(version.starts_with("TLSv1."), "{version}");
    connection.close().await.unwrap();

    assert!(options.clone().ssl_mode(PgSslMode::Disable).connect().await.is_err());
    let stranger = cluster.enable_tls_for(&["DNS:elsewhere.example"]).unwrap();
    let wrong_name = options.ssl_mode(PgSslMode::VerifyFull).ssl_root_cert(&stranger);
    assert!(wrong_name.connect().await.is_err());
}

#[test]
fn a_standby_follows_its_primary_and_refuses_writes() {
    let primary = Cluster::start(ClusterOptions::new()).unwrap();
    primary.psql("postgres", "CREATE TABLE t AS SELECT 1 AS a").unwrap();
    let standby = primary.standby().unwrap();
    assert_eq!(standby.psql("postgres", "SELECT pg_is_in_recovery(), a FROM t").unwrap(), "t|1");
    let error = standby.psql("postgres", "INSERT INTO t VALUES (2)").unwrap_err();
    assert!(format!("{error:#}").contains("read-only transaction"), "{error:#}");
    primary.psql("postgres", "INSERT INTO t VALUES (2)").unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    while standby.psql("postgres", "SELECT count(*) FROM t").unwrap() != "2" {
        assert!(Instant::now() < deadline, "the row did not arrive at the standby");
    }
}

#[test]
fn postgis_can_be_created() {
    let cluster = Cluster::start(ClusterOptions::new()).unwrap();
    cluster.enable_postgis("postgres").unwrap();
    assert_eq!(cluster.psql("postgres", "SELECT st_astext(st_point(1, 2))").unwrap(), "POINT(1 2)");
}

#[test]
fn pgbouncer_gives_each_transaction_any_server_connection() {
    let cluster = Cluster::start(ClusterOptions::new()).unwrap();
    let bouncer = Bouncer::start(&cluster, 1).unwrap();
    let pid = "SELECT pg_backend_pid();";
    let (first, second) = (psql(&bouncer.dsn("postgres"), pid).unwrap(), psql(&bouncer.dsn("postgres"), pid).unwrap());
    assert_eq!(first, second, "a pool of one connection has one backend");
    let temporary = "CREATE TEMP TABLE leaked (a int);";
    psql(&bouncer.dsn("postgres"), temporary).unwrap();
    let error = psql(&bouncer.dsn("postgres"), temporary).unwrap_err();
    assert!(format!("{error:#}").contains("already exists"), "not in transaction mode? {error:#}");
}
