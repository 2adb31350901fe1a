//! Size and colours of a chart: those of the window's token file.

use plotters::style::RGBColor;

/// Light or dark, as the window is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// How a chart is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Width in pixels, from 120 to 8192.
    pub width: u32,
    /// Height in pixels, from 60 to 4096.
    pub height: u32,
    /// Its colours.
    pub theme: Theme,
}

/// Colours by role.
pub(crate) struct Colours {
    pub(crate) line: RGBColor,
    pub(crate) area: RGBColor,
    pub(crate) grid: RGBColor,
    pub(crate) text: RGBColor,
    pub(crate) warn: RGBColor,
    pub(crate) failed: RGBColor,
    pub(crate) ok: RGBColor,
}

impl Look {
    /// Returns the size within its limits.
    pub(crate) fn size(self) -> (u32, u32) {
        (self.width.clamp(120, 8192), self.height.clamp(60, 4096))
    }

    pub(crate) fn colours(self) -> Colours {
        match self.theme {
            Theme::Light => Colours {
                line: RGBColor(0x1d, 0x61, 0x8f),
                area: RGBColor(0xdf, 0xeb, 0xf5),
                grid: RGBColor(0xe1, 0xe7, 0xed),
                text: RGBColor(0x55, 0x65, 0x75),
                warn: RGBColor(0x7d, 0x52, 0x00),
                failed: RGBColor(0xad, 0x2a, 0x22),
                ok: RGBColor(0x1c, 0x6a, 0x4a),
            },
            Theme::Dark => Colours {
                line: RGBColor(0x7f, 0xb9, 0xe2),
                area: RGBColor(0x15, 0x29, 0x3a),
                grid: RGBColor(0x22, 0x2d, 0x37),
                text: RGBColor(0x8b, 0x9a, 0xa9),
                warn: RGBColor(0xe2, 0xb4, 0x55),
                failed: RGBColor(0xf4, 0x93, 0x8a),
                ok: RGBColor(0x6f, 0xc9, 0x9e),
            },
        }
    }
}
