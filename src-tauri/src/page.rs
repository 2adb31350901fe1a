//! What the command layer sees of the shell: the page that hears events, notifications, and whether there is a tray.

use crate::notification::Notifications;
use crate::tray::Tray;
use firn_api::wire::{AppEvent, RunEvent};
use firn_api::{Host, Notice};
use tauri::{AppHandle, Emitter as _, Manager as _};

/// The event of a run, as the page listens for it.
const RUN_EVENT: &str = "run-event";
/// Whatever else the page hears of.
const APP_EVENT: &str = "app-event";

/// The shell, as the command layer's host.
pub(crate) struct Page {
    handle: AppHandle,
    tray: Tray,
    notifications: Notifications,
}

impl Page {
    pub(crate) fn new(handle: AppHandle, tray: Tray) -> Self {
        let notifications = Notifications::begin(handle.clone());
        Self { handle, tray, notifications }
    }

    fn send(&self, event: &AppEvent) {
        // No page is there to hear it while the window closes.
        let _nobody = self.handle.emit(APP_EVENT, event);
    }
}

impl Host for Page {
    fn emit(&self, event: RunEvent) {
        // No page is there to hear it while the window closes; the run's record has it all the same.
        let _nobody = self.handle.emit(RUN_EVENT, event);
    }

    fn waiting(&self, message: &str) {
        self.send(&AppEvent::Waiting { message: message.to_owned() });
    }

    fn app(&self, event: AppEvent) {
        if let AppEvent::Open { .. } | AppEvent::Go { .. } | AppEvent::Told { .. } = event {
            raise(&self.handle);
        }
        self.send(&event);
        if let AppEvent::Settings { .. } | AppEvent::Schedule { .. } = event {
            self.tray.refresh(&self.handle);
        }
    }

    fn notify(&self, notice: Notice) {
        self.notifications.show(notice);
    }

    fn tray_trouble(&self) -> Option<String> {
        self.tray.trouble()
    }
}

/// Brings the window to the front, from the tray too.
pub(crate) fn raise(handle: &AppHandle) {
    let Some(window) = handle.get_webview_window("main") else { return };
    // A desktop may refuse any of these; the window is then where the person left it.
    let _shown = window.show();
    let _restored = window.unminimize();
    let _focused = window.set_focus();
}
