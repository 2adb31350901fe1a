//! The command list as data, and calls by name: for shells that speak JSON.

use crate::wire::{self, ErrorView};
use crate::{Firn, command};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::future::Future;
use std::pin::Pin;

/// What a command may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// Nothing.
    Read,
    /// Files, databases or the keyring.
    Write,
}

/// One row of the command list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct CommandInfo {
    /// The command's name.
    pub name: &'static str,
    /// What it may change.
    pub access: Access,
    /// Name of the request's type.
    pub request: &'static str,
    /// Name of the response's type.
    pub response: &'static str,
}

macro_rules! access {
    (read) => {
        Access::Read
    };
    (write) => {
        Access::Write
    };
}

type Answer<'a> = Pin<Box<dyn Future<Output = Result<Value, ErrorView>> + Send + 'a>>;

macro_rules! dispatcher {
    ($($access:ident $name:ident($request:ident) -> $response:ident;)*) => {
        /// Every command, in the list's order.
        pub const COMMANDS: &[CommandInfo] = &[$(CommandInfo {
            name: stringify!($name),
            access: access!($access),
            request: stringify!($request),
            response: stringify!($response),
        }),*];

        /// Calls the command `name` with a request as JSON.
        ///
        /// # Errors
        /// As the command itself, and `configuration` for a name that is not in the list or a request of another shape.
        pub async fn dispatch(firn: &Firn, name: &str, request: Value) -> Result<Value, ErrorView> {
            let answer: Answer<'_> = match name {
                $(stringify!($name) => {
                    let request: wire::$request = read(name, request)?;
                    Box::pin(async move {
                        let response: wire::$response = command::$name(firn, request).await?;
                        write(&response)
                    })
                })*
                _ => return Err(unknown(name)),
            };
            answer.await
        }
    };
}

crate::with_commands!(dispatcher);

fn read<T: DeserializeOwned>(name: &str, request: Value) -> Result<T, ErrorView> {
    serde_json::from_value(request)
        .map_err(|error| ErrorView::configuration(format!("the request of `{name}` has another shape: {error}")))
}

fn write<T: Serialize>(response: &T) -> Result<Value, ErrorView> {
    serde_json::to_value(response)
        .map_err(|error| ErrorView::other(format!("the answer cannot be written as JSON: {error}")))
}

fn unknown(name: &str) -> ErrorView {
    ErrorView::configuration(format!("there is no command `{name}`"))
}
