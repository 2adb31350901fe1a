//! Links `firn://…`: they lead to a place in the window and can do nothing else.
//!
//! `firn://SCREEN?folder=…&table=…`: the screen is one of a fixed list, each parameter is known and given once. Whatever
//! else a text holds makes it no link of ours.

use crate::wire::{PlaceView, ScreenView};
use url::Url;

/// The scheme, with its colon.
pub(crate) const SCHEME: &str = "firn:";
/// Longest link, in bytes.
const LONGEST: usize = 4096;

/// Reads a link.
///
/// # Errors
/// What about it is not understood; its text is not repeated.
pub(crate) fn parse(text: &str) -> Result<PlaceView, &'static str> {
    if text.len() > LONGEST {
        return Err("it is too long");
    }
    let url = Url::parse(text).map_err(|_| "it is no address")?;
    let bare = url.scheme() == "firn"
        && url.username().is_empty()
        && url.password().is_none()
        && url.port().is_none()
        && url.fragment().is_none()
        && matches!(url.path(), "" | "/");
    if !bare {
        return Err("it is not of the form firn://SCREEN?folder=…");
    }
    let (screen, object_key) = screen(url.host_str().unwrap_or_default()).ok_or("it names no screen of Firn")?;
    let (mut folder, mut object) = (None, None);
    for (key, value) in url.query_pairs() {
        let place = match (&*key, object_key) {
            ("folder", _) => &mut folder,
            (key, Some(known)) if key == known => &mut object,
            _ => return Err("it has a parameter that its screen does not know"),
        };
        if value.is_empty() || value.chars().any(char::is_control) {
            return Err("one of its parameters is empty, or no text");
        }
        if place.replace(value.into_owned()).is_some() {
            return Err("it has a parameter twice");
        }
    }
    if matches!(screen, ScreenView::Mapping | ScreenView::Verify) && object.is_none() {
        return Err("its screen needs a table");
    }
    Ok(PlaceView { folder, screen, object })
}

/// Returns the screen of a name, and the parameter that says what is selected there.
fn screen(name: &str) -> Option<(ScreenView, Option<&'static str>)> {
    Some(match name {
        "overview" => (ScreenView::Overview, None),
        "connections" => (ScreenView::Connections, Some("connection")),
        "tables" => (ScreenView::Tables, Some("table")),
        "mapping" => (ScreenView::Mapping, Some("table")),
        "verify" => (ScreenView::Verify, Some("table")),
        "runs" => (ScreenView::Runs, Some("run")),
        "rejected" => (ScreenView::Rejected, Some("table")),
        "settings" => (ScreenView::Settings, None),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn place(screen: ScreenView, folder: Option<&str>, object: Option<&str>) -> PlaceView {
        PlaceView { folder: folder.map(str::to_owned), screen, object: object.map(str::to_owned) }
    }

    #[test]
    fn a_link_leads_to_a_place() {
        let cases = [
            ("firn://settings", place(ScreenView::Settings, None, None)),
            (
                "firn://overview/?folder=%2Fhome%2Fkim%2Fdata%20sets",
                place(ScreenView::Overview, Some("/home/kim/data sets"), None),
            ),
            ("firn://tables?table=public.users&folder=/w", place(ScreenView::Tables, Some("/w"), Some("public.users"))),
            ("firn://runs?run=8f1c", place(ScreenView::Runs, None, Some("8f1c"))),
            ("firn://rejected?table=%D7%A2%D7%91%D7%A8", place(ScreenView::Rejected, None, Some("עבר"))),
            ("FIRN://runs", place(ScreenView::Runs, None, None)),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn whatever_else_a_link_asks_for_is_not_understood() {
        for text in [
            "firn://",
            "firn:overview",
            "firn:///overview",
            "firn://sync_run?folder=/w",
            "firn://run?folder=/w",
            "firn://trust?folder=/w",
            "firn://overview?folder=/w&trust=true",
            "firn://overview?folder=/w&folder=/v",
            "firn://overview?table=a",
            "firn://overview?folder=",
            "firn://overview?folder=%00",
            "firn://tables?table=a%0Ab",
            "firn://overview#run",
            "firn://overview/run",
            "firn://user@overview",
            "firn://user:pw@overview",
            "firn://overview:80",
            "firn://mapping",
            "https://overview",
            "",
        ] {
            assert!(parse(text).is_err(), "{text}: {:?}", parse(text));
        }
        let long = format!("firn://tables?table={}", "a".repeat(LONGEST));
        assert!(parse(&long).is_err());
    }

    proptest! {
        #[test]
        fn no_text_breaks_it(text in "(firn://)?[a-z/?&=%0-9#:@.]{0,60}|.{0,60}") {
            if let Ok(place) = parse(&text) {
                prop_assert!(place.folder.as_deref() != Some("") && place.object.as_deref() != Some(""));
            }
        }
    }
}
