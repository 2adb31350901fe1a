//! A loopback relay that breaks connections on request.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What the relay does to connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing: bytes pass.
    None,
    /// Connections are closed in the orderly way, new ones right after they were accepted.
    Cut,
    /// Connections are reset, new ones right after they were accepted.
    Reset,
    /// Connections stay open, new ones too, and no byte arrives in either direction. Bytes on their way are held back
    /// and arrive when the fault ends.
    BlackHole,
    /// Each piece of data arrives this much later.
    Delay(Duration),
    /// At most so many bytes a second pass in each direction of a connection.
    Slow(u64),
}

/// Where bytes come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// From the server to a client.
    Server,
    /// From a client to the server.
    Client,
}

/// A fault that waits for a number of bytes.
#[derive(Clone, Copy, Debug)]
struct Trip {
    from: Sender,
    left: u64,
    fault: Fault,
}

/// What all connections watch.
#[derive(Clone, Copy, Debug)]
struct State {
    fault: Fault,
    /// Connections of an older generation are closed.
    generation: u64,
    ended: bool,
}

/// Counts and limits that the connections share.
#[derive(Debug)]
struct Shared {
    state: watch::Receiver<State>,
    /// Where the relay's own half of the state is changed from.
    control: watch::Sender<State>,
    trip: Mutex<Option<Trip>>,
    accepted: AtomicU64,
    from_server: AtomicU64,
    cuts: watch::Sender<u64>,
}

/// A relay on a free port of 127.0.0.1 in front of a server. It runs in a thread of its own, so it serves blocking
/// clients as well as asynchronous ones, and ends when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    control: watch::Sender<State>,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Proxy {
    /// Starts a relay to a server that may come up later.
    pub fn start(server: SocketAddr) -> Result<Self> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("cannot bind a loopback port")?;
        listener.set_nonblocking(true).context("cannot make a listener non-blocking")?;
        let address = listener.local_addr().context("a bound socket has no address")?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("cannot start the runtime of a proxy")?;
        let (control, state) = watch::channel(State { fault: Fault::None, generation: 0, ended: false });
        let shared = Arc::new(Shared {
            state,
            control: control.clone(),
            trip: Mutex::new(None),
            accepted: AtomicU64::new(0),
            from_server: AtomicU64::new(0),
            cuts: watch::Sender::new(0),
        });
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("fault-proxy".to_owned())
            .spawn(move || runtime.block_on(serve(listener, server, theirs)))
            .context("cannot start the thread of a proxy")?;
        Ok(Self { address, control, shared, thread: Some(thread) })
    }

    /// The address that clients connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The port on 127.0.0.1 that clients connect to.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The DSN of a database for the user `postgres` through this relay.
    pub fn dsn(&self, database: &str) -> String {
        format!("postgres://postgres@{}/{database}", self.address)
    }

    /// Sets the fault for present and future connections; [`Fault::None`] ends the former one.
    pub fn set(&self, fault: Fault) {
        self.control.send_modify(|state| state.fault = fault);
    }

    /// Ends every fault.
    pub fn open(&self) {
        self.shared.set_trip(None);
        self.set(Fault::None);
    }

    /// Closes the present connections; new ones pass.
    pub fn drop_connections(&self) {
        self.control.send_modify(|state| state.generation += 1);
    }

    /// Lets this many further bytes from the server pass, then closes the connection that carries the next one, once.
    /// Other and later connections pass.
    pub fn cut_after(&self, bytes: u64) {
        self.trip_after(Sender::Server, bytes, Fault::Cut);
    }

    /// Lets this many further bytes of one direction pass. The connection that carries the next one is cut or reset,
    /// once, and others pass; any other fault comes over all of them and stays.
    pub fn trip_after(&self, from: Sender, bytes: u64, fault: Fault) {
        self.shared.set_trip(Some(Trip { from, left: bytes, fault }));
    }

    /// How often [`Proxy::cut_after`] or [`Proxy::trip_after`] has struck.
    pub fn cuts(&self) -> u64 {
        *self.shared.cuts.borrow()
    }

    /// Waits until [`Proxy::cut_after`] or [`Proxy::trip_after`] has struck this often.
    pub async fn wait_for_cuts(&self, count: u64) {
        let mut cuts = self.shared.cuts.subscribe();
        // The sender lives in `self`, so the wait ends only with the count.
        let _ = cuts.wait_for(|&done| done >= count).await;
    }

    /// How many connections clients have made.
    pub fn connections(&self) -> u64 {
        self.shared.accepted.load(Ordering::SeqCst)
    }

    /// How many bytes the server's side has delivered to clients.
    pub fn bytes_from_server(&self) -> u64 {
        self.shared.from_server.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.control.send_modify(|state| state.ended = true);
        if let Some(thread) = self.thread.take() {
            // The thread's own panic was printed when it happened.
            let _ = thread.join();
        }
    }
}

/// Why a connection ended.
enum End {
    /// Both sides said all they had to say, or one of them failed.
    Finished,
    Cut,
    Reset,
}

async fn serve(listener: std::net::TcpListener, server: SocketAddr, shared: Arc<Shared>) {
    let listener = match TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => panic!("the proxy's listener is unusable: {error}"),
    };
    let mut state = shared.state.clone();
    let mut connections = tokio::task::JoinSet::new();
    loop {
        tokio::select! {
            _ = state.wait_for(|state| state.ended) => break,
            accepted = listener.accept() => {
                // An accept fails when the client has gone again; the next one is not concerned.
                let Ok((client, _)) = accepted else { continue };
                shared.accepted.fetch_add(1, Ordering::SeqCst);
                connections.spawn(connect(client, server, Arc::clone(&shared)));
            }
        }
        while connections.try_join_next().is_some() {}
    }
    connections.shutdown().await;
}

async fn connect(mut client: TcpStream, server: SocketAddr, shared: Arc<Shared>) {
    let mut state = shared.state.clone();
    let generation = state.borrow().generation;
    let mut upstream = None;
    let end = tokio::select! {
        biased;
        end = ended_by_fault(&mut state, generation) => end,
        end = relay(&mut client, server, &mut upstream, &shared) => end,
    };
    match end {
        End::Finished => {}
        End::Cut => {
            drop(upstream);
            finish_quietly(&mut client).await;
        }
        End::Reset => {
            // Without the option the sockets are closed in the orderly way, and the client sees the wrong fault.
            for stream in [Some(&client), upstream.as_ref()].into_iter().flatten() {
                if let Err(error) = stream.set_zero_linger() {
                    panic!("the proxy cannot reset a connection: {error}");
                }
            }
        }
    }
}

/// Tells the client that nothing more comes, and swallows what it still says: bytes that arrive at a closed socket
/// would be answered with a reset.
async fn finish_quietly(client: &mut TcpStream) {
    let mut buffer = [0; 4096];
    if client.shutdown().await.is_ok() {
        while matches!(client.read(&mut buffer).await, Ok(1..)) {}
    }
}

/// Waits for a fault that closes a connection of this generation.
async fn ended_by_fault(state: &mut watch::Receiver<State>, generation: u64) -> End {
    let closing = |state: &State| state.generation > generation || matches!(state.fault, Fault::Cut | Fault::Reset);
    match state.wait_for(closing).await {
        Ok(state) if state.fault == Fault::Reset => End::Reset,
        _ => End::Cut,
    }
}

async fn relay(client: &mut TcpStream, server: SocketAddr, upstream: &mut Option<TcpStream>, shared: &Shared) -> End {
    pass(&mut shared.state.clone()).await;
    let Ok(stream) = TcpStream::connect(server).await else { return End::Reset };
    // Small messages must not wait for each other: the relay shall add no delay of its own.
    if client.set_nodelay(true).and(stream.set_nodelay(true)).is_err() {
        return End::Reset;
    }
    let upstream = upstream.insert(stream);
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = upstream.split();
    let upward = pump(&mut from_client, &mut to_server, shared, Sender::Client);
    let downward = pump(&mut from_server, &mut to_client, shared, Sender::Server);
    match tokio::try_join!(upward, downward) {
        Ok(_) => End::Finished,
        Err(end) => end,
    }
}

/// Waits while the relay is a black hole.
async fn pass(state: &mut watch::Receiver<State>) -> Fault {
    match state.wait_for(|state| state.fault != Fault::BlackHole).await {
        Ok(state) => state.fault,
        Err(_) => Fault::None,
    }
}

/// Carries the bytes of one direction until its end.
async fn pump(
    from: &mut (impl AsyncReadExt + Unpin),
    to: &mut (impl AsyncWriteExt + Unpin),
    shared: &Shared,
    side: Sender,
) -> Result<(), End> {
    let mut state = shared.state.clone();
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let length = from.read(&mut buffer).await.map_err(|_| End::Reset)?;
        match pass(&mut state).await {
            Fault::Delay(delay) => tokio::time::sleep(delay).await,
            Fault::Slow(rate) => tokio::time::sleep(Duration::from_secs_f64(length as f64 / rate.max(1) as f64)).await,
            _ => {}
        }
        // The fault may have become a black hole in the meantime.
        pass(&mut state).await;
        if length == 0 {
            return to.shutdown().await.map_err(|_| End::Finished);
        }
        let (allowed, struck) = shared.take(side, length as u64);
        to.write_all(&buffer[..allowed]).await.map_err(|_| End::Finished)?;
        if side == Sender::Server {
            shared.from_server.fetch_add(allowed as u64, Ordering::SeqCst);
        }
        match struck {
            None => continue,
            Some(Fault::Cut) => return Err(End::Cut),
            Some(Fault::Reset) => return Err(End::Reset),
            Some(fault) => shared.control.send_modify(|state| state.fault = fault),
        }
        // What is left of this piece meets the new fault.
        pass(&mut state).await;
        to.write_all(&buffer[allowed..length]).await.map_err(|_| End::Finished)?;
    }
}

impl Shared {
    fn set_trip(&self, trip: Option<Trip>) {
        *self.trip.lock().unwrap_or_else(PoisonError::into_inner) = trip;
    }

    /// Says how many of these bytes pass before the fault that waits for them strikes, and which that is.
    fn take(&self, from: Sender, wanted: u64) -> (usize, Option<Fault>) {
        let mut waiting = self.trip.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(trip) = waiting.as_mut().filter(|trip| trip.from == from) else { return (wanted as usize, None) };
        if trip.left >= wanted {
            trip.left -= wanted;
            return (wanted as usize, None);
        }
        let (allowed, fault) = (trip.left as usize, trip.fault);
        *waiting = None;
        drop(waiting);
        self.cuts.send_modify(|count| *count += 1);
        (allowed, Some(fault))
    }
}
