//! The test bed: real servers that live exactly as long as the test that asked for them.
//!
//! A [`Cluster`] is a private PostgreSQL on a free port, copied from a cached template so that it is ready in a
//! fraction of a second. A [`Bouncer`] is pgbouncer in front of one, a [`Proxy`] is a loopback relay that breaks
//! connections on request. Each server has a watchdog: a small shell that reads a pipe held by the test process. When
//! that process ends, in whatever way, the pipe closes, the server is stopped and its folder removed.

mod account;
mod bouncer;
mod cluster;
mod faults;
mod options;
mod process;
mod program;
mod proxy;
mod template;
mod tls;

pub use bouncer::Bouncer;
pub use cluster::{Cluster, StopMode};
pub use faults::Faults;
pub use options::ClusterOptions;
pub use program::psql;
pub use proxy::{Fault, Proxy, Sender};
