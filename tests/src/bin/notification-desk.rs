//! `notification-desk` shows notifications on the session bus, as a desktop does: it prints each as a JSON object, one a line,
//! and takes a number on its standard input for a click on that one. For the window's test.
#![expect(clippy::print_stdout, reason = "its output is what it is for")]
#![expect(missing_docs, reason = "what the macro makes of the interface has no place for them")]

use anyhow::{Context as _, Result};
use serde_json::json;
use std::collections::HashMap;
use std::io::BufRead as _;
use zbus::object_server::SignalEmitter;
use zbus::zvariant::OwnedValue;

const PATH: &str = "/org/freedesktop/Notifications";

/// The notifications so far.
struct Desk {
    shown: u32,
}

#[zbus::interface(name = "org.freedesktop.Notifications")]
impl Desk {
    fn get_capabilities(&self) -> Vec<&'static str> {
        vec!["actions", "body", "body-markup"]
    }

    #[expect(clippy::too_many_arguments, reason = "the interface's own")]
    fn notify(
        &mut self,
        app_name: &str,
        replaces_id: u32,
        app_icon: &str,
        summary: &str,
        body: &str,
        actions: Vec<String>,
        hints: HashMap<String, OwnedValue>,
        expire_timeout: i32,
    ) -> u32 {
        self.shown += 1;
        let hints: Vec<&String> = hints.keys().collect();
        let notification = json!({
            "id": self.shown, "app": app_name, "icon": app_icon, "replaces": replaces_id, "summary": summary, "body": body,
            "actions": actions, "hints": hints, "expires": expire_timeout,
        });
        println!("{notification}");
        self.shown
    }

    #[zbus(signal)]
    async fn action_invoked(emitter: &SignalEmitter<'_>, id: u32, action_key: &str) -> zbus::Result<()>;
}

fn main() -> Result<()> {
    let builder = zbus::connection::Builder::session()?.name("org.freedesktop.Notifications")?;
    let building = builder.serve_at(PATH, Desk { shown: 0 })?.build();
    let connection = futures::executor::block_on(building).context("there is no session bus to show anything on")?;
    let desk = futures::executor::block_on(connection.object_server().interface::<_, Desk>(PATH))?;
    println!("{}", json!({ "ready": true }));
    for line in std::io::stdin().lock().lines() {
        let id = line?.trim().parse().context("a click is the number of a notification")?;
        futures::executor::block_on(desk.signal_emitter().action_invoked(id, "default"))?;
    }
    Ok(())
}
