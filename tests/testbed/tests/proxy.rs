//! Each fault of the proxy as a real client sees it.
#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use firn_testbed::{Cluster, Fault, Proxy, psql};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use sqlx::{ConnectOptions, Connection};

async fn connection(proxy: &Proxy) -> Result<PgConnection, sqlx::Error> {
    let options: PgConnectOptions = proxy.dsn("postgres").parse()?;
    options.ssl_mode(PgSslMode::Disable).connect().await
}

async fn one(connection: &mut PgConnection) -> Result<i32, sqlx::Error> {
    sqlx::query_scalar("SELECT 1").fetch_one(connection).await
}

fn io_kind(error: &sqlx::Error) -> Option<std::io::ErrorKind> {
    match error {
        sqlx::Error::Io(error) => Some(error.kind()),
        _ => None,
    }
}

#[tokio::test]
async fn an_open_proxy_is_invisible() {
    let cluster = Cluster::shared().unwrap();
    let proxy = cluster.proxy().unwrap();
    assert_eq!(psql(&proxy.dsn("postgres"), "SELECT count(*) FROM generate_series(1, 100000)").unwrap(), "100000");
    let rows = psql(&proxy.dsn("postgres"), "SELECT md5(a::text) FROM generate_series(1, 100000) AS a").unwrap();
    assert_eq!(rows.lines().count(), 100_000);
    assert_eq!(proxy.connections(), 2);
    assert!(proxy.bytes_from_server() > 3_200_000);
}

#[tokio::test]
async fn a_cut_ends_connections_in_the_orderly_way_until_it_is_opened_again() {
    let cluster = Cluster::shared().unwrap();
    let proxy = cluster.proxy().unwrap();
    let mut open = connection(&proxy).await.unwrap();
    assert_eq!(one(&mut open).await.unwrap(), 1);
    proxy.set(Fault::Cut);
    let error = one(&mut open).await.unwrap_err();
    assert_eq!(io_kind(&error), Some(std::io::ErrorKind::UnexpectedEof), "{error}");
    let error = connection(&proxy).await.unwrap_err();
    assert_eq!(io_kind(&error), Some(std::io::ErrorKind::UnexpectedEof), "{error}");
    proxy.open();
    let mut again = connection(&proxy).await.unwrap();
    assert_eq!(one(&mut again).await.unwrap(), 1);
}

#[tokio::test]
async fn a_reset_is_seen_as_one() {
    let cluster = Cluster::shared().unwrap();
    let proxy = cluster.proxy().unwrap();
    let mut open = connection(&proxy).await.unwrap();
    // The query is on its way when the reset comes, so the client is reading.
    let mut query = Box::pin(sqlx::query("SELECT pg_sleep(30)").execute(&mut open));
    assert!(tokio::time::timeout(Duration::from_millis(200), &mut query).await.is_err());
    proxy.set(Fault::Reset);
    let error = query.await.unwrap_err();
    assert_eq!(io_kind(&error), Some(std::io::ErrorKind::ConnectionReset), "{error}");
    assert!(connection(&proxy).await.is_err());
}

#[tokio::test]
async fn a_black_hole_is_silent_and_gives_back_what_it_held() {
    let cluster = Cluster::shared().unwrap();
    let proxy = cluster.proxy().unwrap();
    let mut open = connection(&proxy).await.unwrap();
    proxy.set(Fault::BlackHole);
    let mut answer = Box::pin(one(&mut open));
    assert!(tokio::time::timeout(Duration::from_millis(300), &mut answer).await.is_err());
    let mut newcomer = Box::pin(connection(&proxy));
    assert!(tokio::time::timeout(Duration::from_millis(300), &mut newcomer).await.is_err());
    proxy.open();
    assert_eq!(answer.await.unwrap(), 1);
    assert_eq!(one(&mut newcomer.await.unwrap()).await.unwrap(), 1);
}

#[tokio::test]
async fn a_black_hole_can_end_in_a_cut() {
    let cluster = Cluster::shared().unwrap();
    let proxy = cluster.proxy().unwrap();
    let mut open = connection(&proxy).await.unwrap();
    proxy.set(Fault::BlackHole);
    let mut answer = Box::pin(one(&mut open));
    assert!(tokio::time::timeout(Duration::from_millis(100), &mut answer).await.is_err());
    proxy.set(Fault::Cut);
    assert!(answer.await.is_err());
}

#[tokio::test]
async fn a_delay_lengthens_every_round_trip() {
    let cluster = Cluster::shared().unwrap();
    let proxy = cluster.proxy().unwrap();
    let mut open = connection(&proxy).await.unwrap();
    one(&mut open).await.unwrap();
    proxy.set(Fault::Delay(Duration::from_millis(100)));
    let begin = Instant::now();
    one(&mut open).await.unwrap();
    let elapsed = begin.elapsed();
    assert!(elapsed >= Duration::from_millis(200), "there and back took {elapsed:?}");
}

#[tokio::test]
async fn a_slow_line_bounds_the_rate() {
    let cluster = Cluster::shared().unwrap();
    let proxy = cluster.proxy().unwrap();
    let mut open = connection(&proxy).await.unwrap();
    proxy.set(Fault::Slow(100_000));
    let begin = Instant::now();
    let text: String = sqlx::query_scalar("SELECT repeat('x', 50000)").fetch_one(&mut open).await.unwrap();
    assert_eq!(text.len(), 50_000);
    assert!(begin.elapsed() >= Duration::from_millis(500), "{:?}", begin.elapsed());
}

#[tokio::test]
async fn a_cut_after_some_bytes_breaks_one_answer_and_then_lets_pass() {
    let cluster = Cluster::shared().unwrap();
    let proxy = cluster.proxy().unwrap();
    let before = proxy.bytes_from_server();
    proxy.cut_after(100_000);
    let rows = "SELECT md5(a::text) FROM generate_series(1, 100000) AS a";
    let error = psql(&proxy.dsn("postgres"), rows).unwrap_err();
    assert!(format!("{error:#}").contains("server closed the connection unexpectedly"), "{error:#}");
    proxy.wait_for_cuts(1).await;
    assert_eq!(proxy.bytes_from_server() - before, 100_000);
    assert_eq!(psql(&proxy.dsn("postgres"), rows).unwrap().lines().count(), 100_000);
    assert_eq!(proxy.cuts(), 1);
}

#[tokio::test]
async fn dropped_connections_can_be_made_anew_at_once() {
    let cluster = Cluster::shared().unwrap();
    let proxy = cluster.proxy().unwrap();
    let mut open = connection(&proxy).await.unwrap();
    proxy.drop_connections();
    assert!(one(&mut open).await.is_err());
    let again = connection(&proxy).await.unwrap();
    again.close().await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_down_resets_connections() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let proxy = Proxy::start(port).unwrap();
    assert!(connection(&proxy).await.is_err());
}
