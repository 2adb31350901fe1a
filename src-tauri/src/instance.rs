//! One window a person: a second start hands what it was started with to the first and ends.
//!
//! A lock on a file of the local state tells who is first; it goes with its process, however that ends. Beside it is a
//! socket that only the same user reaches. Neither needs a session bus, and other folders of local state are other
//! windows.

use serde::{Deserialize, Serialize};
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long the window that has the right may say nothing before a later start gives up.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a second start hands over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Handover {
    /// What was typed: a folder or a link; nothing where the window is only to come to the front.
    pub(crate) word: Option<String>,
    /// The folder it was typed in.
    pub(crate) base: PathBuf,
}

/// Whether this process is the window.
pub(crate) enum Claim {
    /// It is.
    First(First),
    /// Another is, and has been told.
    Handed,
}

/// The right to be the window, until the process ends.
pub(crate) struct First {
    lock: File,
    #[cfg(unix)]
    listener: std::os::unix::net::UnixListener,
}

/// Tells later starts that this window is about to end: they wait for that, and take its place.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ending(Arc<AtomicBool>);

impl Ending {
    /// From now on nothing is taken any more.
    pub(crate) fn begin(&self) {
        self.0.store(true, Ordering::Release);
    }

    fn has_begun(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Asks to be the window.
///
/// # Errors
/// Where the folder of local state cannot be written, or the window that is open does not answer.
pub(crate) fn claim(data_dir: &Path, handover: &Handover) -> io::Result<Claim> {
    make_folder(data_dir)?;
    let lock = File::options().create(true).truncate(false).write(true).open(data_dir.join("window.lock"))?;
    let began = Instant::now();
    loop {
        match lock.try_lock() {
            Ok(()) => return first(data_dir, lock),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(error),
        }
        match other::hand(data_dir, handover) {
            Ok(()) => return Ok(Claim::Handed),
            // It does not listen yet, or it is about to end: then the right is free in a moment.
            Err(_) if other::CAN_ANSWER && began.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(error) => return Err(error),
        }
    }
}

#[cfg(unix)]
fn make_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make_folder(folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)
}

#[cfg(unix)]
fn first(data_dir: &Path, lock: File) -> io::Result<Claim> {
    use std::os::unix::fs::PermissionsExt as _;
    let socket = other::socket(data_dir);
    match std::fs::remove_file(&socket) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = std::os::unix::net::UnixListener::bind(&socket)?;
    std::fs::set_permissions(&socket, std::fs::Permissions::from_mode(0o600))?;
    Ok(Claim::First(First { lock, listener }))
}

#[cfg(not(unix))]
fn first(_data_dir: &Path, lock: File) -> io::Result<Claim> {
    Ok(Claim::First(First { lock }))
}

impl First {
    /// Takes what later starts hand over, from a thread of its own, until `ending` begins. The right is kept as long as
    /// the process lives.
    ///
    /// # Errors
    /// Where no thread can be had.
    #[cfg(unix)]
    pub(crate) fn listen(self, ending: Ending, take: impl Fn(Handover) + Send + 'static) -> io::Result<()> {
        let Self { lock, listener } = self;
        std::thread::Builder::new().name("later-starts".to_owned()).spawn(move || {
            let _as_long_as_it_listens = lock;
            for stream in listener.incoming() {
                // What was taken now would be lost with this window.
                if ending.has_begun() {
                    continue;
                }
                // One that breaks off, or speaks another language, is none of ours.
                if let Some(handover) = stream.ok().and_then(|stream| other::receive(stream).ok()) {
                    take(handover);
                }
            }
        })?;
        Ok(())
    }

    /// Elsewhere nothing is handed over yet; the right alone is kept.
    ///
    /// # Errors
    /// None.
    #[cfg(not(unix))]
    pub(crate) fn listen(self, _ending: Ending, _take: impl Fn(Handover) + Send + 'static) -> io::Result<()> {
        std::mem::forget(self.lock);
        Ok(())
    }
}

#[cfg(unix)]
mod other {
    //! The way between two processes.

    use super::{Handover, PATIENCE};
    use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
    use std::os::unix::net::UnixStream;
    use std::path::{Path, PathBuf};

    /// Whether a window that is open can be told at all.
    pub(super) const CAN_ANSWER: bool = true;
    /// Longest message, in bytes.
    const LONGEST: u64 = 64 * 1024;
    /// Longest path of a socket, with some room: the system's limit is 108 bytes, or 104.
    const LONGEST_PATH: usize = 100;

    /// Returns the socket's path: in the folder of local state, or, where that is too long for one, in the folder of
    /// temporary files under a name made of it.
    pub(super) fn socket(data_dir: &Path) -> PathBuf {
        use std::hash::{DefaultHasher, Hash as _, Hasher as _};
        let near = data_dir.join("window.sock");
        if near.as_os_str().len() <= LONGEST_PATH {
            return near;
        }
        let mut hash = DefaultHasher::new();
        data_dir.hash(&mut hash);
        std::env::temp_dir().join(format!("firn-{:016x}.sock", hash.finish()))
    }

    /// Tells the window that is open.
    pub(super) fn hand(data_dir: &Path, handover: &Handover) -> io::Result<()> {
        let mut stream = UnixStream::connect(socket(data_dir))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut message = serde_json::to_vec(handover)?;
        message.push(b'\n');
        stream.write_all(&message)?;
        let mut answer = String::new();
        BufReader::new(stream).take(16).read_line(&mut answer)?;
        if answer == "taken\n" { Ok(()) } else { Err(io::Error::other("the window that is open did not answer")) }
    }

    /// Takes a message and says so.
    pub(super) fn receive(stream: UnixStream) -> io::Result<Handover> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut line = String::new();
        BufReader::new(&stream).take(LONGEST).read_line(&mut line)?;
        let handover = serde_json::from_str(&line)?;
        (&stream).write_all(b"taken\n")?;
        Ok(handover)
    }
}

#[cfg(not(unix))]
mod other {
    //! Elsewhere a second start says that there is a first.

    use super::Handover;
    use std::io;
    use std::path::Path;

    /// Whether a window that is open can be told at all.
    pub(super) const CAN_ANSWER: bool = false;

    pub(super) fn hand(_data_dir: &Path, _handover: &Handover) -> io::Result<()> {
        Err(io::Error::other("a window of Firn is open already"))
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn a_second_start_hands_its_word_to_the_first_and_a_third_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let word = |word: &str| Handover { word: Some(word.to_owned()), base: "/home/kim".into() };
        let Claim::First(first) = claim(folder.path(), &word("a")).unwrap() else { panic!("nobody else is there") };
        let (sender, received) = mpsc::channel();
        first.listen(Ending::default(), move |handover| sender.send(handover).unwrap()).unwrap();
        for later in ["firn://runs", "shop"] {
            assert!(matches!(claim(folder.path(), &word(later)).unwrap(), Claim::Handed));
            assert_eq!(received.recv().unwrap(), word(later));
        }
        // Whoever says something else neither gets an answer nor ends the listening.
        std::os::unix::net::UnixStream::connect(folder.path().join("window.sock")).unwrap();
        assert!(matches!(claim(folder.path(), &word("b")).unwrap(), Claim::Handed));
    }

    #[test]
    fn a_start_that_meets_a_window_at_its_end_takes_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let nothing = Handover { word: None, base: PathBuf::new() };
        let Claim::First(ending) = claim(folder.path(), &nothing).unwrap() else { panic!("nobody else is there") };
        let ends = std::thread::spawn(move || {
            // It hears the later start, and is gone before it says anything.
            drop(ending.listener.accept().unwrap());
            drop(ending);
        });
        assert!(matches!(claim(folder.path(), &nothing).unwrap(), Claim::First(_)));
        ends.join().unwrap();
    }

    #[test]
    fn a_window_that_is_about_to_end_takes_nothing_that_would_be_lost_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let word = Handover { word: Some("shop".to_owned()), base: "/home/kim".into() };
        let Claim::First(first) = claim(folder.path(), &word).unwrap() else { panic!("nobody else is there") };
        let (sender, received) = mpsc::channel();
        let ending = Ending::default();
        first.listen(ending.clone(), move |handover| sender.send(handover).unwrap()).unwrap();
        assert!(matches!(claim(folder.path(), &word).unwrap(), Claim::Handed));
        assert_eq!(received.recv().unwrap(), word);
        ending.begin();
        assert!(other::hand(folder.path(), &word).is_err());
        assert!(received.try_recv().is_err());
    }

    #[test]
    fn a_folder_with_a_long_path_has_its_socket_elsewhere_and_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let long = |name: &str| folder.path().join("x".repeat(120)).join(name);
        let nothing = Handover { word: None, base: PathBuf::new() };
        let Claim::First(one) = claim(&long("one"), &nothing).unwrap() else { panic!("nobody else is there") };
        let Claim::First(two) = claim(&long("two"), &nothing).unwrap() else { panic!("nobody else is there") };
        let (sender, received) = mpsc::channel();
        one.listen(Ending::default(), move |_| sender.send("one").unwrap()).unwrap();
        two.listen(Ending::default(), |_| panic!("it was the other's")).unwrap();
        assert!(matches!(claim(&long("one"), &nothing).unwrap(), Claim::Handed));
        assert_eq!(received.recv().unwrap(), "one");
        for name in ["one", "two"] {
            std::fs::remove_file(other::socket(&long(name))).unwrap();
        }
    }
}
