//! One window a person: a second start hands what it was started with to the first and ends.
//!
//! A lock on a file of the local state tells who is first; it goes with its process, however that ends. Beside it is a
//! socket that only the same user reaches. Neither needs a session bus, and other folders of local state are other
//! windows.

use serde::{Deserialize, Serialize};
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

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

/// Asks to be the window.
///
/// # Errors
/// Where the folder of local state cannot be written, or the window that is open does not answer.
pub(crate) fn claim(data_dir: &Path, handover: &Handover) -> io::Result<Claim> {
    make_folder(data_dir)?;
    let lock = File::options().create(true).truncate(false).write(true).open(data_dir.join("window.lock"))?;
    match lock.try_lock() {
        Ok(()) => first(data_dir, lock),
        Err(TryLockError::WouldBlock) => other::hand(data_dir, handover).map(|()| Claim::Handed),
        Err(TryLockError::Error(error)) => Err(error),
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
    /// Takes what later starts hand over, from a thread of its own, until the process ends.
    ///
    /// # Errors
    /// Where no thread can be had.
    #[cfg(unix)]
    pub(crate) fn listen(self, take: impl Fn(Handover) + Send + 'static) -> io::Result<()> {
        let Self { lock, listener } = self;
        std::thread::Builder::new().name("later-starts".to_owned()).spawn(move || {
            let _as_long_as_it_listens = lock;
            for stream in listener.incoming() {
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
    pub(crate) fn listen(self, _take: impl Fn(Handover) + Send + 'static) -> io::Result<()> {
        std::mem::forget(self.lock);
        Ok(())
    }
}

#[cfg(unix)]
mod other {
    //! The way between two processes.

    use super::Handover;
    use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
    use std::os::unix::net::UnixStream;
    use std::path::{Path, PathBuf};
    use std::time::{Duration, Instant};

    /// Longest message, in bytes.
    const LONGEST: u64 = 64 * 1024;
    /// How long a window that has just begun may take to listen, and either side to speak.
    const PATIENCE: Duration = Duration::from_secs(20);
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
        let began = Instant::now();
        let mut stream = loop {
            match UnixStream::connect(socket(data_dir)) {
                Ok(stream) => break stream,
                // Between the lock and the socket it may not be there yet.
                Err(_) if began.elapsed() < PATIENCE => std::thread::sleep(Duration::from_millis(20)),
                Err(error) => return Err(error),
            }
        };
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
        first.listen(move |handover| sender.send(handover).unwrap()).unwrap();
        for later in ["firn://runs", "shop"] {
            assert!(matches!(claim(folder.path(), &word(later)).unwrap(), Claim::Handed));
            assert_eq!(received.recv().unwrap(), word(later));
        }
        // Whoever says something else neither gets an answer nor ends the listening.
        std::os::unix::net::UnixStream::connect(folder.path().join("window.sock")).unwrap();
        assert!(matches!(claim(folder.path(), &word("b")).unwrap(), Claim::Handed));
    }

    #[test]
    fn a_folder_with_a_long_path_has_its_socket_elsewhere_and_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let long = |name: &str| folder.path().join("x".repeat(120)).join(name);
        let nothing = Handover { word: None, base: PathBuf::new() };
        let Claim::First(one) = claim(&long("one"), &nothing).unwrap() else { panic!("nobody else is there") };
        let Claim::First(two) = claim(&long("two"), &nothing).unwrap() else { panic!("nobody else is there") };
        let (sender, received) = mpsc::channel();
        one.listen(move |_| sender.send("one").unwrap()).unwrap();
        two.listen(|_| panic!("it was the other's")).unwrap();
        assert!(matches!(claim(&long("one"), &nothing).unwrap(), Claim::Handed));
        assert_eq!(received.recv().unwrap(), "one");
        for name in ["one", "two"] {
            std::fs::remove_file(other::socket(&long(name))).unwrap();
        }
    }
}
