//! Being asked to stop: Ctrl-C cancels, SIGTERM terminates, a second one ends the process at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use tokio_util::sync::CancellationToken;

/// Hears signals for as long as it lives in the runtime.
#[derive(Clone)]
pub(crate) struct Stop {
    token: CancellationToken,
    code: Arc<AtomicU8>,
}

impl Stop {
    /// Begins to listen.
    ///
    /// # Errors
    /// Where the system gives out no handlers.
    pub(crate) fn listen() -> std::io::Result<Self> {
        let stop = Self { token: CancellationToken::new(), code: Arc::new(AtomicU8::new(firn_api::exit::DONE)) };
        stop.clone().spawn()?;
        Ok(stop)
    }

    #[cfg(unix)]
    fn spawn(self) -> std::io::Result<()> {
        use tokio::signal::unix::{SignalKind, signal};
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::spawn(async move {
            loop {
                let code = tokio::select! {
                    _ = interrupt.recv() => firn_api::exit::CANCELLED,
                    _ = terminate.recv() => firn_api::exit::TERMINATED,
                };
                self.asked(code);
            }
        });
        Ok(())
    }

    #[cfg(not(unix))]
    #[expect(clippy::unnecessary_wraps, reason = "the signature of the Unix side")]
    fn spawn(self) -> std::io::Result<()> {
        tokio::spawn(async move {
            while tokio::signal::ctrl_c().await.is_ok() {
                self.asked(firn_api::exit::CANCELLED);
            }
        });
        Ok(())
    }

    fn asked(&self, code: u8) {
        if self.token.is_cancelled() {
            // Nothing is lost: every commit is whole, and the lease of a dead process is taken over.
            std::process::exit(i32::from(code));
        }
        self.code.store(code, Ordering::SeqCst);
        self.token.cancel();
    }

    /// Returns the token that the first signal cancels.
    pub(crate) fn token(&self) -> CancellationToken {
        self.token.clone()
    }

    /// Returns the exit code of the signal, where there was one.
    pub(crate) fn code(&self) -> Option<u8> {
        Some(self.code.load(Ordering::SeqCst)).filter(|code| *code != firn_api::exit::DONE)
    }
}
