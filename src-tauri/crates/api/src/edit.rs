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

/// Writes a new text beside the file and puts it in its place, so that no reader ever sees half of it.
pub(crate) fn replace(file: &Path, before: &str, after: &str) -> Result<(), ErrorView> {
    let failed = |what: &str| {
        let what = format!("cannot {what} {}", file.display());
        move |error: std::io::Error| ErrorView::file(what, &error)
    };
    // A link stays a link: what it leads to is replaced.
    let place = file.canonicalize().map_err(failed("find"))?;
    let name = place.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let beside = place.with_file_name(format!(".{name}.{}.new", std::process::id()));
    let written = (|| {
        let mut new = fs::File::create(&beside).map_err(failed("write beside"))?;
        let permissions = fs::metadata(&place).map_err(failed("read"))?.permissions();
        new.set_permissions(permissions).map_err(failed("write beside"))?;
        new.write_all(after.as_bytes()).and_then(|()| new.sync_all()).map_err(failed("write beside"))?;
        if fs::read_to_string(&place).map_err(failed("read"))? != before {
            return Err(ErrorView::busy(format!("{} was changed by somebody else at the same moment", file.display()))
                .with_hint("look at the change, and try again"));
        }
        fs::rename(&beside, &place).map_err(failed("replace"))
    })();
    if written.is_err() {
        // The failure above is what matters; a leftover with this name is overwritten by the next attempt.
        let _leftover = fs::remove_file(&beside);
    }
    written
}

impl From<EditError> for ErrorView {
    fn from(error: EditError) -> Self {
        match error {
            EditError::Faults(faults) => faults.into(),
            other => Self::configuration(other.to_string()),
        }
    }
}
