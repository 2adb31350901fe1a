//! The webhook of the service, and how its secrets are kept.

use std::time::Duration;

use anyhow::{Result, ensure};
use firn_scenarios::{CommandLine, Service, World};
use serde_json::Value;

use crate::serve::{ORDERS, workspace};

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_hears_of_failures_and_recoveries_and_its_address_is_told_to_nobody() -> Result<()> {
    let mut world = World::with_orders(10).await?;
    let mut terminal = workspace(&mut world, "")?;
    // It is away at first, as such services are.
    let webhook = Webhook::start(&[503, 200])?;
    let secret = "T0CAFE-sl@te";
    terminal.set("FIRN_SERVE_WEBHOOK", &format!("http://{}/hooks/{secret}", webhook.address));
    let mut service = Service::start(&terminal)?;
    service.table(ORDERS, "success")?;
    world.sql("INSERT INTO orders SELECT max(id) + 1, 'kim@example.org' FROM orders").await?;
    world.sql("ALTER TABLE orders RENAME updated_at TO changed_at").await?;
    service.table(ORDERS, "failed")?;
    let (first, again) = (webhook.next()?, webhook.next()?);
    ensure!(first.body["changes"] == again.body["changes"], "it was told again: {first:?} {again:?}");
    ensure!(again.path == format!("/hooks/{secret}"), "{again:?}");
    let change = &again.body["changes"][0];
    ensure!(
        change["change"] == "failed" && change["source"] == ORDERS && change["code"] == "configuration",
        "{again:?}"
    );
    ensure!(again.body["text"].as_str().is_some_and(|text| text.contains("public.orders failed")), "{again:?}");

    world.sql("ALTER TABLE orders RENAME changed_at TO updated_at").await?;
    service.table(ORDERS, "success")?;
    let recovered = webhook.next()?;
    ensure!(recovered.body["changes"][0]["change"] == "recovered", "{recovered:?}");
    for told in [&first.body, &again.body, &recovered.body] {
        let text = told.to_string();
        ensure!(!text.contains("kim@") && !text.contains(secret), "{text}");
    }
    let stopped = service.stop("TERM")?;
    ensure!(!format!("{stopped:?}").contains(secret), "{stopped:?}");
    world.assert_equal().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_cannot_prove_who_it_is_is_told_nothing() -> Result<()> {
    let mut world = World::with_orders(1).await?;
    let mut terminal = workspace(&mut world, "")?;
    let folder = terminal.folder();
    let (key, certificate) = (folder.join("key.pem"), folder.join("certificate.pem"));
    let made = std::process::Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"])
        .args(["-addext", "subjectAltName=DNS:localhost"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output()?;
    ensure!(made.status.success(), "{made:?}");
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let impostor = std::process::Command::new("openssl")
        .args(["s_server", "-quiet", "-accept", &port.to_string(), "-key"])
        .arg(&key)
        .arg("-cert")
        .arg(&certificate)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()?;
    let mut impostor = Impostor(impostor);
    terminal.set("FIRN_SERVE_WEBHOOK", &format!("https://localhost:{port}/hooks/T0CAFE"));
    let mut service = Service::start(&terminal)?;
    service.table(ORDERS, "success")?;
    world.sql("ALTER TABLE orders RENAME updated_at TO changed_at").await?;
    let warning = service.next(|line| line["event"] == "warning")?;
    let message = warning["error"]["message"].as_str().unwrap_or_default();
    ensure!(message.contains("certificate") && !message.contains("T0CAFE"), "{warning}");
    service.stop("TERM")?;
    impostor.0.kill()?;
    let mut heard = String::new();
    if let Some(mut output) = impostor.0.stdout.take() {
        std::io::Read::read_to_string(&mut output, &mut heard)?;
    }
    ensure!(heard.is_empty(), "{heard}");
    Ok(())
}

/// A server that ends with its test.
struct Impostor(std::process::Child);

impl Drop for Impostor {
    fn drop(&mut self) {
        let _ended = self.0.kill();
        let _reaped = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_of_the_service_that_cannot_be_used_are_not_kept() -> Result<()> {
    let mut terminal = CommandLine::new()?;
    terminal.set("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");
    let cases = [
        ("--set-token", "hunter2", 2, "too short"),
        ("--set-webhook", "http://hooks.example.org/hunter2", 2, "https://"),
        ("--set-token", "hunter2-hunter2-hunter2", 1, "FIRN_SERVE_TOKEN"),
        ("--set-webhook", "https://hooks.example.org/hunter2", 1, "FIRN_SERVE_WEBHOOK"),
    ];
    for (option, secret, code, said) in cases {
        let done = terminal.run_with_input(&["serve", option], secret)?;
        ensure!(done.code == code && done.stderr.contains(said), "{option}: {done:?}");
        ensure!(!format!("{done:?}").contains("hunter2"), "{option}: {done:?}");
    }
    Ok(())
}

/// A web server that writes down what is posted to it.
struct Webhook {
    address: std::net::SocketAddr,
    posts: std::sync::mpsc::Receiver<Post>,
}

#[derive(Debug)]
struct Post {
    path: String,
    body: Value,
}

impl Webhook {
    /// Answers with these statuses, one after the other, and with the last of them from then on.
    fn start(statuses: &'static [u16]) -> Result<Self> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let (sender, posts) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for (at, stream) in listener.incoming().flatten().enumerate() {
                let status = statuses[at.min(statuses.len() - 1)];
                if let Ok(post) = answer(&stream, status)
                    && sender.send(post).is_err()
                {
                    return;
                }
            }
        });
        Ok(Self { address, posts })
    }

    fn next(&self) -> Result<Post> {
        Ok(self.posts.recv_timeout(Duration::from_secs(60))?)
    }
}

fn answer(mut stream: &std::net::TcpStream, status: u16) -> Result<Post> {
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};
    let mut reader = BufReader::new(stream);
    let (mut first, mut length) = (String::new(), 0);
    reader.read_line(&mut first)?;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    write!(stream, "HTTP/1.1 {status} x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")?;
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    Ok(Post { path, body: serde_json::from_slice(&body)? })
}
