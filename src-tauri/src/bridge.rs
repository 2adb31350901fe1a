//! The bridge from the command list to Tauri: every row becomes a Tauri command whose body is one call into the
//! command layer. Nothing is decided here.

use firn_api::Firn;
use firn_api::wire;
use tauri::ipc::Invoke;

/// What a command answers the page with: bytes of their own where an answer is bytes, and JSON otherwise.
macro_rules! answer {
    (ArrowPage) => {
        tauri::ipc::Response
    };
    ($response:ident) => {
        wire::$response
    };
}

macro_rules! sent {
    (ArrowPage, $answer:expr) => {
        $answer.map(|page| tauri::ipc::Response::new(page.0))
    };
    ($response:ident, $answer:expr) => {
        $answer
    };
}

macro_rules! bridge {
    ($($access:ident $name:ident($request:ident) -> $response:ident;)*) => {
        mod command {
            use super::{Firn, wire};

            $(
                #[tauri::command]
                pub(super) async fn $name(
                    firn: tauri::State<'_, Firn>,
                    request: wire::$request,
                ) -> Result<answer!($response), wire::ErrorView> {
                    sent!($response, firn_api::command::$name(&firn, request).await)
                }
            )*
        }

        /// Returns what answers the page's calls.
        pub(crate) fn handler() -> impl Fn(Invoke) -> bool + Send + Sync + 'static {
            use command::*;
            tauri::generate_handler![$($name),*]
        }
    };
}

firn_api::with_commands!(bridge);
