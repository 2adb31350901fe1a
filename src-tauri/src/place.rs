//! Where the window stands: put back when it opens, kept while it moves.

use firn_api::{Firn, WindowPlace};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tauri::{Manager as _, PhysicalPosition, PhysicalSize, WebviewWindow};
use tokio::sync::Notify;

/// How long the window has to stand still before its place is kept.
const STILL: Duration = Duration::from_millis(500);
/// How much of the window's top has to be on a screen to be caught with the mouse, in pixels.
const GRIP: i32 = 80;

/// The place of the one window.
#[derive(Clone, Default)]
pub(crate) struct Place {
    now: Arc<Mutex<Option<WindowPlace>>>,
    moved: Arc<Notify>,
}

impl Place {
    /// Puts a window where it stood, as far as the screens that are there now allow.
    pub(crate) fn restore(&self, window: &WebviewWindow, kept: WindowPlace) -> tauri::Result<()> {
        let screens: Vec<Screen> = window
            .available_monitors()?
            .iter()
            .map(|monitor| Screen {
                x: monitor.position().x,
                y: monitor.position().y,
                width: monitor.size().width,
                height: monitor.size().height,
            })
            .collect();
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
        let Some(place) = fit(kept, &screens) else { return Ok(()) };
        window.set_size(PhysicalSize::new(place.width, place.height))?;
        window.set_position(PhysicalPosition::new(place.x, place.y))?;
        if place.maximized { window.maximize() } else { Ok(()) }
    }

    /// Notes where a window stands. A window that fills the screen keeps the size it had before.
    pub(crate) fn note(&self, window: &WebviewWindow) -> tauri::Result<()> {
        if window.is_minimized()? || !window.is_visible()? {
            return Ok(());
        }
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        let maximized = window.is_maximized()?;
        let before = now.filter(|_| maximized);
        let place = match before {
            Some(before) => WindowPlace { maximized, ..before },
            None => {
                let (position, size) = (window.outer_position()?, window.inner_size()?);
                WindowPlace { x: position.x, y: position.y, width: size.width, height: size.height, maximized }
            }
        };
        if now.replace(place) != Some(place) {
            self.moved.notify_one();
        }
        Ok(())
    }

    /// Keeps the place each time the window has come to stand still.
    pub(crate) async fn keep(self, firn: Firn) {
        loop {
            self.moved.notified().await;
            while tokio::time::timeout(STILL, self.moved.notified()).await.is_ok() {}
            self.keep_now(&firn).await;
        }
    }

    /// Keeps the place as it is.
    pub(crate) async fn keep_now(&self, firn: &Firn) {
        let now = *self.now.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = now {
            // Without it the next window opens where windows open; whatever else needs the local state says what is
            // wrong with it.
            let _kept = firn.keep_window_place(place).await;
        }
    }
}

/// A screen, in physical pixels.
#[derive(Clone, Copy)]
struct Screen {
    x: i32,
    y: i32,
    width: u32,
    height: u32,
}

/// Returns the place on the screens that are there: no larger than its screen, its top within reach. `None` where no
/// screen holds any of it, such as one that was unplugged.
fn fit(place: WindowPlace, screens: &[Screen]) -> Option<WindowPlace> {
    let span = |length: u32| i32::try_from(length).unwrap_or(i32::MAX);
    let reaches = |screen: &&Screen| {
        let right = place.x.saturating_add(span(place.width));
        let (screen_right, screen_bottom) =
            (screen.x.saturating_add(span(screen.width)), screen.y.saturating_add(span(screen.height)));
        right >= screen.x.saturating_add(GRIP)
            && place.x <= screen_right.saturating_sub(GRIP)
            && place.y >= screen.y
            && place.y <= screen_bottom.saturating_sub(GRIP)
    };
    let screen = screens.iter().find(reaches)?;
    Some(WindowPlace { width: place.width.min(screen.width), height: place.height.min(screen.height), ..place })
}

/// Notes where the main window stands, wherever an event comes from.
pub(crate) fn note_main(handle: &tauri::AppHandle) {
    let Some(window) = handle.get_webview_window("main") else { return };
    // A window that is on its way out says nothing of its place any more; the last one known is kept.
    let _gone = handle.state::<Place>().note(&window);
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCREEN: Screen = Screen { x: 0, y: 0, width: 1920, height: 1080 };
    const LEFT: Screen = Screen { x: -1280, y: 0, width: 1280, height: 1024 };

    fn at(x: i32, y: i32, width: u32, height: u32) -> WindowPlace {
        WindowPlace { x, y, width, height, maximized: false }
    }

    #[test]
    fn a_window_comes_back_where_it_can_be_caught() {
        let place = at(100, 50, 1440, 900);
        assert_eq!(fit(place, &[SCREEN]), Some(place));
        assert_eq!(fit(at(-1200, 10, 800, 600), &[SCREEN, LEFT]), Some(at(-1200, 10, 800, 600)));
        assert_eq!(fit(at(0, 0, 3840, 2160), &[SCREEN]), Some(at(0, 0, 1920, 1080)), "no larger than its screen");
    }

    #[test]
    fn a_place_on_a_screen_that_is_gone_is_none() {
        for place in [at(-1200, 10, 800, 600), at(1900, 50, 800, 600), at(0, 1070, 800, 600), at(0, -40, 800, 600)] {
            assert_eq!(fit(place, &[SCREEN]), None, "{place:?}");
        }
        assert_eq!(fit(at(0, 0, 800, 600), &[]), None);
        assert_eq!(fit(at(i32::MAX, i32::MAX, u32::MAX, u32::MAX), &[SCREEN]), None);
    }
}
