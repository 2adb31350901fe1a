//! Notifications of the system; a click leads to the place they are about.

use firn_api::Notice;
use tauri::AppHandle;
use tokio::sync::mpsc;

/// Takes notifications to the system, one after the other.
pub(crate) struct Notifications {
    sender: mpsc::UnboundedSender<Notice>,
}

impl Notifications {
    /// Begins to wait for notifications; nothing is connected before the first.
    pub(crate) fn begin(handle: AppHandle) -> Self {
        let (sender, received) = mpsc::unbounded_channel();
        tauri::async_runtime::spawn(desktop::carry(handle, received));
        Self { sender }
    }

    /// Shows a notification, where there is somebody to show it.
    pub(crate) fn show(&self, notice: Notice) {
        // Without somebody the window says the same; the receiver is gone only while the process ends.
        let _nobody = self.sender.send(notice);
    }
}

#[cfg(target_os = "linux")]
mod desktop {
    //! The desktop's own service on the session bus.

    use crate::page::raise;
    use firn_api::wire::PlaceView;
    use firn_api::{Firn, Notice};
    use std::collections::{BTreeMap, HashMap};
    use tauri::{AppHandle, Manager as _};
    use tokio::sync::mpsc;
    use zbus::export::futures_core::Stream;
    use zbus::zvariant::Value;

    /// The action of a click on the notification itself.
    const CLICK: &str = "default";
    /// Most notifications whose click is still waited for.
    const MOST: usize = 50;

    #[zbus::proxy(
        interface = "org.freedesktop.Notifications",
        default_service = "org.freedesktop.Notifications",
        default_path = "/org/freedesktop/Notifications"
    )]
    trait Desktop {
        fn get_capabilities(&self) -> zbus::Result<Vec<String>>;

        #[expect(clippy::too_many_arguments, reason = "the interface's own")]
        fn notify(
            &self,
            app_name: &str,
            replaces_id: u32,
            app_icon: &str,
            summary: &str,
            body: &str,
            actions: &[&str],
            hints: HashMap<&str, Value<'_>>,
            expire_timeout: i32,
        ) -> zbus::Result<u32>;

        #[zbus(signal)]
        fn action_invoked(&self, id: u32, action_key: String) -> zbus::Result<()>;
    }

    /// Shows notifications until nobody sends any more. A desktop that shows none is asked again for the next one.
    pub(super) async fn carry(handle: AppHandle, mut received: mpsc::UnboundedReceiver<Notice>) {
        while let Some(notice) = received.recv().await {
            // What cannot be shown here stands in the window.
            let _nobody = serve(&handle, notice, &mut received).await;
        }
    }

    async fn serve(
        handle: &AppHandle,
        first: Notice,
        received: &mut mpsc::UnboundedReceiver<Notice>,
    ) -> zbus::Result<()> {
        let connection = zbus::Connection::session().await?;
        let desktop = DesktopProxy::new(&connection).await?;
        // Before the first is shown: its click may come at once.
        let mut clicks = std::pin::pin!(desktop.receive_action_invoked().await?);
        let marks_up = desktop.get_capabilities().await?.iter().any(|capability| capability == "body-markup");
        let mut places: BTreeMap<u32, PlaceView> = BTreeMap::new();
        let mut next = Some(first);
        loop {
            if let Some(notice) = next.take() {
                let body = if marks_up { escaped(&notice.body) } else { notice.body };
                let hints = HashMap::from([("desktop-entry", Value::from("firn-desktop"))]);
                let actions = [CLICK, "Open"];
                let id = desktop.notify("Firn", 0, "firn-desktop", &notice.title, &body, &actions, hints, -1).await?;
                places.insert(id, notice.place);
                while places.len() > MOST {
                    places.pop_first();
                }
            }
            tokio::select! {
                notice = received.recv() => match notice {
                    Some(notice) => next = Some(notice),
                    None => return Ok(()),
                },
                click = std::future::poll_fn(|context| clicks.as_mut().poll_next(context)) => {
                    let Some(click) = click else { return Ok(()) };
                    let Ok(click) = click.args() else { continue };
                    if click.action_key == CLICK
                        && let Some(place) = places.remove(&click.id)
                    {
                        raise(handle);
                        handle.state::<Firn>().go(place);
                    }
                }
            }
        }
    }

    /// Takes the meaning from what a desktop that reads markup would read as such.
    fn escaped(text: &str) -> String {
        text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
    }
}

#[cfg(not(target_os = "linux"))]
mod desktop {
    //! Elsewhere the window alone says what failed.

    use firn_api::Notice;
    use tauri::AppHandle;
    use tokio::sync::mpsc;

    pub(super) async fn carry(_handle: AppHandle, mut received: mpsc::UnboundedReceiver<Notice>) {
        while received.recv().await.is_some() {}
    }
}
