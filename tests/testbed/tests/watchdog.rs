//! A server ends with its owner, however that one ends.
#![allow(clippy::unwrap_used)]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use firn_testbed::{Cluster, ClusterOptions, StopMode};

/// A child process that holds a cluster and a pgbouncer.
struct Holder {
    child: Child,
    server: PathBuf,
    folder: PathBuf,
    bouncer_port: u16,
}

impl Holder {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_firn-testbed"))
            .arg("--bouncer")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let report: serde_json::Value = serde_json::from_str(&line).unwrap();
        let holder = Self {
            child,
            server: Path::new("/proc").join(report["pid"].to_string()),
            folder: report["socket_dir"].as_str().unwrap().into(),
            bouncer_port: report["bouncer_port"].as_u64().unwrap().try_into().unwrap(),
        };
        assert!(holder.server.exists() && holder.folder.exists() && holder.bouncer_answers());
        holder
    }

    fn bouncer_answers(&self) -> bool {
        std::net::TcpStream::connect(("127.0.0.1", self.bouncer_port)).is_ok()
    }

    fn signal(&self, name: &str) {
        send(name, &[self.child.id().to_string()]);
    }

    /// Waits for the end of the child and then until nothing of it is left.
    fn check_nothing_is_left(mut self) {
        drop(self.child.stdin.take());
        self.child.wait().unwrap();
        let deadline = Instant::now() + Duration::from_secs(20);
        while self.server.exists() || self.folder.exists() || self.bouncer_answers() {
            assert!(Instant::now() < deadline, "{:?} {:?}", self.server, self.folder);
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

fn send(signal: &str, pids: &[String]) {
    let kill = format!("kill -s {signal} {}", pids.join(" "));
    assert!(Command::new("/bin/sh").args(["-c", &kill]).status().unwrap().success());
}

#[test]
fn no_server_is_left_after_kill_9_of_its_owner() {
    let holder = Holder::start();
    holder.signal("KILL");
    holder.check_nothing_is_left();
}

#[test]
fn no_server_is_left_after_a_signal_to_its_owner() {
    for name in ["INT", "TERM", "HUP"] {
        let holder = Holder::start();
        holder.signal(name);
        holder.check_nothing_is_left();
    }
}

#[test]
fn no_server_is_left_after_the_regular_end_of_its_owner() {
    Holder::start().check_nothing_is_left();
}

#[test]
fn no_server_is_left_when_it_was_paused() {
    let holder = Holder::start();
    let pid = holder.server.file_name().unwrap().to_str().unwrap().to_owned();
    let children = std::fs::read_to_string(holder.server.join("task").join(&pid).join("children")).unwrap();
    send("STOP", &[pid]);
    send("STOP", &children.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
    holder.signal("KILL");
    holder.check_nothing_is_left();
}

#[test]
fn a_dropped_cluster_leaves_no_process_and_no_folder() {
    let cluster = Cluster::start(ClusterOptions::new()).unwrap();
    let (pid, folder) = (cluster.pid().unwrap(), cluster.socket_dir().to_owned());
    drop(cluster);
    assert!(!Path::new("/proc").join(pid.to_string()).exists());
    assert!(!folder.exists());
    let stopped = Cluster::start(ClusterOptions::new()).unwrap();
    stopped.stop(StopMode::Fast).unwrap();
    let folder = stopped.socket_dir().to_owned();
    drop(stopped);
    assert!(!folder.exists());
}
