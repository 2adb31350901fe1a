//! Edits of the document: carried out on its text, comments and order kept, and written in one step.

use crate::Firn;
use crate::wire::ErrorView;
use firn_workspace::{Document, EditError};
use std::fs;
use std::io::Write as _;
use std::path::Path;

impl Firn {
    /// Changes a workspace's document. Nothing is written where the edit fails or changes nothing.
    ///
    /// # Errors
    /// As the edit itself; `busy` where somebody else wrote the file meanwhile.
    pub(crate) fn edit(
        &self,
        folder: &str,
        change: impl FnOnce(&mut Document) -> Result<(), EditError>,
    ) -> Result<(), ErrorView> {
        let folder = self.read(folder)?;
        let mut document = Document::parse(&folder.text, &folder.file_name, &self.inner.environment)?;
        change(&mut document)?;
        if document.text() == folder.text {
            return Ok(());
        }
        replace(&folder.file, &folder.text, document.text())
    }
}

/// Puts a new text in a file's place, so that no reader ever sees half of it.
pub(crate) fn replace(file: &Path, before: &str, after: &str) -> Result<(), ErrorView> {
    let failed = |what: &'static str| failed(what, file);
    // A link stays a link: what it leads to is replaced.
    let place = file.canonicalize().map_err(failed("find"))?;
    put(&place, after.as_bytes(), || {
        if fs::read_to_string(&place).map_err(failed("read"))? != before {
            return Err(ErrorView::busy(format!("{} was changed by somebody else at the same moment", file.display()))
                .with_hint("look at the change, and try again"));
        }
        Ok(())
    })
}

/// Writes a file beside its place, and puts it there once it is whole and `check` finds nothing against it. One that
/// it takes the place of leaves it its permissions.
pub(crate) fn put(place: &Path, bytes: &[u8], check: impl FnOnce() -> Result<(), ErrorView>) -> Result<(), ErrorView> {
    let name = place.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let beside = place.with_file_name(format!(".{name}.{}.new", std::process::id()));
    let written = (|| {
        let mut new = fs::File::create(&beside).map_err(failed("write beside", place))?;
        if let Ok(known) = fs::metadata(place) {
            new.set_permissions(known.permissions()).map_err(failed("write beside", place))?;
        }
        new.write_all(bytes).and_then(|()| new.sync_all()).map_err(failed("write beside", place))?;
        check()?;
        fs::rename(&beside, place).map_err(failed("replace", place))
    })();
    if written.is_err() {
        // The failure above is what matters; a leftover with this name is overwritten by the next attempt.
        let _leftover = fs::remove_file(&beside);
    }
    written
}

fn failed(what: &str, file: &Path) -> impl FnOnce(std::io::Error) -> ErrorView {
    let what = format!("cannot {what} {}", file.display());
    move |error| ErrorView::file(what, &error)
}

impl From<EditError> for ErrorView {
    fn from(error: EditError) -> Self {
        match error {
            EditError::Faults(faults) => faults.into(),
            other => Self::configuration(other.to_string()),
        }
    }
}
