//! The tray: opens the window, runs everything, pauses the schedule, quits.
//!
//! On Linux it speaks StatusNotifierItem over the session bus itself. The system's library for it ends the program where
//! it is missing, and cannot tell whether anybody shows the item; a desktop without a tray is no fault.

use firn_api::Firn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tauri::{AppHandle, Manager as _};

/// The tray's item, while there is one.
#[derive(Clone, Default)]
pub(crate) struct Tray {
    state: Arc<Mutex<State>>,
    /// Held while the item appears or goes: one refresh after another.
    turn: Arc<Mutex<()>>,
}

#[derive(Default)]
struct State {
    item: Option<item::Handle>,
    trouble: Option<String>,
}

impl Tray {
    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is a plain assignment.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns why there is no tray, where there is none.
    pub(crate) fn trouble(&self) -> Option<String> {
        self.state().trouble.clone()
    }

    fn set_trouble(&self, trouble: Option<String>) {
        self.state().trouble = trouble;
    }

    /// Shows the item as the settings and the schedules are now, or takes it away. Returns at once.
    pub(crate) fn refresh(&self, handle: &AppHandle) {
        let (tray, handle) = (self.clone(), handle.clone());
        tauri::async_runtime::spawn_blocking(move || {
            let _turn = tray.turn.lock().unwrap_or_else(PoisonError::into_inner);
            tray.refresh_now(&handle);
        });
    }

    fn refresh_now(&self, handle: &AppHandle) {
        let Some(firn) = handle.try_state::<Firn>().map(|firn| firn.inner().clone()) else { return };
        let (wanted, item) = (firn.tray().shown, self.state().item.clone());
        match item {
            Some(item) if wanted => item.update(),
            Some(item) => {
                item.end();
                self.state().item = None;
            }
            None if wanted => match item::begin(handle, firn, self.clone()) {
                Ok(item) => self.state().item = Some(item),
                Err(trouble) => self.set_trouble(Some(trouble)),
            },
            None => self.set_trouble(None),
        }
    }
}

#[cfg(target_os = "linux")]
mod item {
    //! The item on the session bus.

    use super::Tray;
    use crate::page::raise;
    use firn_api::{Firn, ScheduleItem, TrayAction};
    use ksni::blocking::TrayMethods as _;
    use ksni::menu::{MenuItem, StandardItem};
    use ksni::{Icon, OfflineReason, ToolTip};
    use tauri::AppHandle;

    /// What is said where nobody shows a tray.
    const NOBODY: &str = "this desktop shows no tray; GNOME needs an extension for it, such as AppIndicator";

    /// A hold on the item.
    #[derive(Clone)]
    pub(super) struct Handle(ksni::blocking::Handle<Item>);

    impl Handle {
        /// Has the item read its words and its menu again.
        pub(super) fn update(&self) {
            // One that has ended has nothing to read.
            let _ended = self.0.update(|_| {});
        }

        /// Takes the item away.
        pub(super) fn end(&self) {
            self.0.shutdown().wait();
        }
    }

    /// The item.
    pub(super) struct Item {
        handle: AppHandle,
        firn: Firn,
        tray: Tray,
        icon: Vec<Icon>,
    }

    /// Puts the item on the bus. Whether anybody shows it is known later, and may change.
    pub(super) fn begin(handle: &AppHandle, firn: Firn, tray: Tray) -> Result<Handle, String> {
        tray.set_trouble(None);
        let item = Item { handle: handle.clone(), firn, tray, icon: icon(handle) };
        let begun = item.assume_sni_available(true).spawn();
        begun.map(Handle).map_err(|error| format!("there is no tray: {error}"))
    }

    fn icon(handle: &AppHandle) -> Vec<Icon> {
        let Some(image) = handle.default_window_icon() else { return Vec::new() };
        let (Ok(width), Ok(height)) = (i32::try_from(image.width()), i32::try_from(image.height())) else {
            return Vec::new();
        };
        // The bus wants the alpha first.
        let data = image.rgba().chunks_exact(4).flat_map(|p| [p[3], p[0], p[1], p[2]]).collect();
        vec![Icon { width, height, data }]
    }

    impl Item {
        fn does(&self, action: TrayAction) {
            let firn = self.firn.clone();
            tauri::async_runtime::spawn(async move { firn.tray_action(action).await });
        }
    }

    impl ksni::Tray for Item {
        fn id(&self) -> String {
            "dev.firn.desktop".to_owned()
        }

        fn title(&self) -> String {
            "Firn".to_owned()
        }

        fn icon_pixmap(&self) -> Vec<Icon> {
            self.icon.clone()
        }

        fn tool_tip(&self) -> ToolTip {
            ToolTip { title: "Firn".to_owned(), description: self.firn.tray().words, ..ToolTip::default() }
        }

        fn activate(&mut self, _x: i32, _y: i32) {
            raise(&self.handle);
        }

        fn menu_about_to_show(&mut self) {
            // What the menu says is asked for each time.
        }

        fn menu(&self) -> Vec<MenuItem<Self>> {
            let now = self.firn.tray();
            let schedule = match now.schedule {
                Some(ScheduleItem::Pause) => "Pause schedule",
                Some(ScheduleItem::Start) | None => "Start schedule",
            };
            vec![
                entry("Open Firn", true, |item| raise(&item.handle)),
                entry("Run all now", now.can_run, |item| item.does(TrayAction::RunAll)),
                entry(schedule, now.schedule.is_some(), |item| item.does(TrayAction::Schedule)),
                MenuItem::Separator,
                entry("Quit", true, |item| item.handle.exit(0)),
            ]
        }

        fn watcher_online(&self) {
            self.tray.set_trouble(None);
        }

        fn watcher_offline(&self, _reason: OfflineReason) -> bool {
            self.tray.set_trouble(Some(NOBODY.to_owned()));
            true
        }
    }

    fn entry(label: &str, enabled: bool, does: fn(&mut Item)) -> MenuItem<Item> {
        StandardItem { label: label.to_owned(), enabled, activate: Box::new(does), ..StandardItem::default() }.into()
    }
}

#[cfg(not(target_os = "linux"))]
mod item {
    //! Elsewhere there is none yet.

    use super::Tray;
    use firn_api::Firn;
    use tauri::AppHandle;

    /// A hold on the item, which is never there.
    #[derive(Clone)]
    pub(super) enum Handle {}

    impl Handle {
        pub(super) fn update(&self) {
            match *self {}
        }

        pub(super) fn end(&self) {
            match *self {}
        }
    }

    pub(super) fn begin(_handle: &AppHandle, _firn: Firn, _tray: Tray) -> Result<Handle, String> {
        Err("this version has a tray on Linux alone".to_owned())
    }
}
