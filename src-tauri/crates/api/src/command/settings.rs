//! Settings of the person, and what the window remembers.

use crate::Firn;
use crate::wire::{ErrorView, LayoutSave, LayoutView, SettingsSave, SettingsShow, SettingsView};

/// Shows the settings as the file has them now. What is wrong with the file is part of the result.
///
/// # Errors
/// None of its own.
pub async fn settings_show(firn: &Firn, _request: SettingsShow) -> Result<SettingsView, ErrorView> {
    Ok(firn.show_settings())
}

/// Changes settings in their file; only what changes is written, comments and other lines stay.
///
/// # Errors
/// `configuration` for a value that a setting does not allow, and with the file's problems where it has some: it is not
/// written to until they are mended; `permission` and others of writing files.
pub async fn settings_save(firn: &Firn, request: SettingsSave) -> Result<SettingsView, ErrorView> {
    firn.save_settings(&request)
}

/// Keeps how the page is laid out, for the next time the window opens.
///
/// # Errors
/// `configuration` for more than a page has; where the local state cannot be written.
pub async fn layout_save(firn: &Firn, request: LayoutSave) -> Result<LayoutView, ErrorView> {
    const MOST: usize = 200;
    const LONGEST: usize = 100;
    let fits = |(name, size): (&String, &f64)| name.len() <= LONGEST && size.is_finite();
    if request.sizes.len() > MOST || !request.sizes.iter().all(fits) {
        return Err(ErrorView::configuration(format!(
            "a layout has at most {MOST} finite sizes with names of at most {LONGEST} bytes"
        )));
    }
    firn.keep_layout(&request.sizes).await?;
    Ok(LayoutView { sizes: request.sizes })
}
