//! `drag-source FILE X Y` drags a file to a place on the display and lets it go there, as a person does with a file manager:
//! a small window that offers the file, and a pointer that is really moved. For the window's test.

use anyhow::{Context as _, Result, anyhow, bail};
use gtk::gdk::{DragAction, ModifierType};
use gtk::glib::{self, ControlFlow, Propagation};
use gtk::prelude::*;
use gtk::{TargetEntry, TargetFlags, WindowType};
use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;
use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT, MOTION_NOTIFY_EVENT};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;

/// Pixels of a side of the window that is dragged from, at the left of the display's lower edge.
const SIDE: i16 = 40;
/// Steps of the pointer on its way.
const STEPS: i16 = 20;
/// Between two of them, as of a hand that is in no hurry.
const PACE: Duration = Duration::from_millis(16);

/// What the hand does next.
enum Act {
    MoveTo(i16, i16),
    Press,
    Release,
}

/// The display's pointer.
struct Pointer {
    display: RustConnection,
    root: u32,
    height: i16,
}

impl Pointer {
    fn find() -> Result<Self> {
        let (display, screen) = RustConnection::connect(None).context("the display does not answer")?;
        let screen = &display.setup().roots[screen];
        let (root, height) = (screen.root, i16::try_from(screen.height_in_pixels)?);
        Ok(Self { display, root, height })
    }

    fn act(&self, act: &Act) -> Result<()> {
        let (event, button, x, y) = match *act {
            Act::MoveTo(x, y) => (MOTION_NOTIFY_EVENT, 0, x, y),
            Act::Press => (BUTTON_PRESS_EVENT, 1, 0, 0),
            Act::Release => (BUTTON_RELEASE_EVENT, 1, 0, 0),
        };
        self.display.xtest_fake_input(event, button, 0, self.root, x, y, 0)?.check()?;
        Ok(())
    }
}

/// The way from one place to another, with the button down.
fn drag(from: (i16, i16), to: (i16, i16)) -> impl Iterator<Item = Act> {
    let part = |from: i16, to: i16, step: i16| from + (to - from) / STEPS * step;
    let way = (1..STEPS).map(move |step| Act::MoveTo(part(from.0, to.0, step), part(from.1, to.1, step)));
    let grasp = [Act::MoveTo(from.0, from.1), Act::Press];
    grasp.into_iter().chain(way).chain([Act::MoveTo(to.0, to.1), Act::MoveTo(to.0, to.1), Act::Release])
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, x, y] = arguments.as_slice() else { bail!("usage: drag-source FILE X Y") };
    let to = (x.parse().context("X is no number")?, y.parse().context("Y is no number")?);
    let file = Path::new(file).canonicalize().with_context(|| format!("{file} cannot be dragged"))?;
    let uri = glib::filename_to_uri(&file, None).context("the file has no URI")?;
    gtk::init().context("there is no display")?;
    let pointer = Pointer::find()?;

    // Without a frame, and above all others: nothing has to place it.
    let window = gtk::Window::new(WindowType::Popup);
    let corner = pointer.height - SIDE;
    window.set_default_size(SIDE.into(), SIDE.into());
    window.move_(0, corner.into());
    let offered = [TargetEntry::new("text/uri-list", TargetFlags::OTHER_APP, 0)];
    window.drag_source_set(ModifierType::BUTTON1_MASK, &offered, DragAction::COPY);
    window.connect_drag_data_get(move |_, _, data, _, _| {
        data.set_uris(&[&uri]);
    });
    let outcome = Rc::new(RefCell::new(Ok(())));
    let refused = Rc::clone(&outcome);
    window.connect_drag_failed(move |_, _, why| {
        *refused.borrow_mut() = Err(anyhow!("nobody took what was dragged: {why:?}"));
        Propagation::Stop
    });
    window.connect_drag_end(|_, _| gtk::main_quit());
    window.show_all();

    let mut acts = drag((SIDE / 2, corner + SIDE / 2), to);
    let failed = Rc::clone(&outcome);
    glib::timeout_add_local(PACE, move || {
        let Some(act) = acts.next() else { return ControlFlow::Break };
        match pointer.act(&act) {
            Ok(()) => ControlFlow::Continue,
            Err(error) => {
                *failed.borrow_mut() = Err(error);
                gtk::main_quit();
                ControlFlow::Break
            }
        }
    });
    gtk::main();
    outcome.replace(Ok(()))
}
