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

/// Colours by role. Each is the value of one token; a test holds them against the token file.
pub(crate) struct Colours {
    pub(crate) surface: RGBColor,
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
                surface: RGBColor(0xfa, 0xfb, 0xfc),
                line: RGBColor(0x1d, 0x61, 0x8f),
                area: RGBColor(0xdf, 0xeb, 0xf5),
                grid: RGBColor(0xe1, 0xe7, 0xed),
                text: RGBColor(0x55, 0x65, 0x75),
                warn: RGBColor(0x7d, 0x52, 0x00),
                failed: RGBColor(0xad, 0x2a, 0x22),
                ok: RGBColor(0x1c, 0x6a, 0x4a),
            },
            Theme::Dark => Colours {
                surface: RGBColor(0x12, 0x18, 0x1f),
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the value of a token within the block of the file that a selector begins.
    fn token(file: &str, selector: &str, name: &str) -> String {
        let block = file.split_once(selector).unwrap().1.split_once("\n}").unwrap().0;
        let value = block.split_once(&format!("{name}: ")).unwrap_or_else(|| panic!("no {name} in {selector}")).1;
        value.split_once(';').unwrap().0.to_owned()
    }

    #[test]
    fn the_colours_are_those_of_the_windows_token_file() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../ui/src/style/tokens.css");
        let file = std::fs::read_to_string(path).unwrap();
        for (theme, selector) in [(Theme::Light, "[data-theme=\"light\"] {"), (Theme::Dark, "[data-theme=\"dark\"] {")]
        {
            let colours = Look { width: 0, height: 0, theme }.colours();
            let roles = [
                ("--surface", colours.surface),
                ("--chart-1", colours.line),
                ("--chart-1-fill", colours.area),
                ("--chart-grid", colours.grid),
                ("--text-3", colours.text),
                ("--state-warn", colours.warn),
                ("--state-failed", colours.failed),
                ("--state-ok", colours.ok),
            ];
            for (name, RGBColor(red, green, blue)) in roles {
                let ours = format!("#{red:02x}{green:02x}{blue:02x}");
                assert_eq!(ours, token(&file, selector, name), "{name}, {theme:?}");
            }
        }
    }
}
