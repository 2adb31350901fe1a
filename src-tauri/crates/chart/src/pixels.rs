//! A picture in memory that plotters draws on: shapes by its own rasterizer, text with the font that is kept beside.

use crate::ChartError;
use ab_glyph::{Font, FontRef, PxScale, ScaleFont, point};
use plotters::style::RGBColor;
use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{BackendColor, BackendCoord, BackendTextStyle, DrawingBackend, DrawingErrorKind};
use std::convert::Infallible;

/// JetBrains Mono, its printable ASCII characters; the licence is beside the file.
static FONT: &[u8] = include_bytes!("../font/JetBrainsMono-ascii.ttf");

/// What plotters makes of a size in pixels when it writes SVG; the same here, so that both pictures are one.
pub(crate) const SIZE_OF_PIXEL: f64 = 1.24;

/// A picture, three bytes a pixel. Drawn larger than it is kept, so that edges come out smooth.
pub(crate) struct Pixels<'a> {
    bytes: &'a mut [u8],
    size: (u32, u32),
    font: FontRef<'static>,
}

impl<'a> Pixels<'a> {
    /// Begins a picture over `bytes`, three for each pixel, filled with a colour.
    ///
    /// # Errors
    /// Where the font cannot be read, or the bytes are not those of the size.
    pub(crate) fn over(bytes: &'a mut [u8], size: (u32, u32), ground: RGBColor) -> Result<Self, ChartError> {
        if bytes.len() != size.0 as usize * size.1 as usize * 3 {
            return Err(ChartError(format!("{} bytes are not a picture of {} × {}", bytes.len(), size.0, size.1)));
        }
        let font = FontRef::try_from_slice(FONT).map_err(|error| ChartError(error.to_string()))?;
        for pixel in bytes.chunks_exact_mut(3) {
            pixel.copy_from_slice(&[ground.0, ground.1, ground.2]);
        }
        Ok(Self { bytes, size, font })
    }

    fn blend(&mut self, x: i32, y: i32, (red, green, blue): (u8, u8, u8), share: f64) {
        let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y)) else { return };
        if x >= self.size.0 || y >= self.size.1 {
            return;
        }
        let at = (y as usize * self.size.0 as usize + x as usize) * 3;
        if share >= 1.0 {
            self.bytes[at..at + 3].copy_from_slice(&[red, green, blue]);
            return;
        }
        for (kept, new) in self.bytes[at..at + 3].iter_mut().zip([red, green, blue]) {
            let mixed = f64::from(*kept) + (f64::from(new) - f64::from(*kept)) * share.clamp(0.0, 1.0);
            // Between two bytes, so it is one.
            *kept = mixed.round() as u8;
        }
    }
}

impl DrawingBackend for Pixels<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Result<(), DrawingErrorKind<Infallible>> {
        Ok(())
    }

    fn present(&mut self) -> Result<(), DrawingErrorKind<Infallible>> {
        Ok(())
    }

    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Result<(), DrawingErrorKind<Infallible>> {
        self.blend(point.0, point.1, color.rgb, color.alpha);
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &S,
        pos: BackendCoord,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        let font = self.font.clone();
        // The size of an em, as CSS counts it; ab_glyph counts ascent and descent.
        let em = (style.size() / SIZE_OF_PIXEL) as f32;
        let units = font.units_per_em().unwrap_or(1000.0);
        let scaled = font.as_scaled(PxScale::from(em * font.height_unscaled() / units));
        let width: f32 = text.chars().map(|sign| scaled.h_advance(font.glyph_id(sign))).sum();
        let mut x = pos.0 as f32
            + match style.anchor().h_pos {
                HPos::Left => 0.0,
                HPos::Center => -width / 2.0,
                HPos::Right => -width,
            };
        // Where the baseline lies for each anchor, as in the SVG.
        let baseline = pos.1 as f32
            + em * match style.anchor().v_pos {
                VPos::Top => 0.76,
                VPos::Center => 0.275,
                VPos::Bottom => -0.275,
            };
        let color = style.color();
        for sign in text.chars() {
            let glyph = font.glyph_id(sign).with_scale_and_position(scaled.scale(), point(x, baseline));
            x += scaled.h_advance(glyph.id);
            if let Some(outline) = font.outline_glyph(glyph) {
                let corner = outline.px_bounds().min;
                outline.draw(|right, down, share| {
                    let place = (corner.x as i32 + right as i32, corner.y as i32 + down as i32);
                    self.blend(place.0, place.1, color.rgb, f64::from(share) * color.alpha);
                });
            }
        }
        Ok(())
    }
}

/// Makes a picture smaller: each pixel is the mean of `times` × `times` ones. The size is that of the small one.
pub(crate) fn smaller(large: &[u8], size: (u32, u32), times: u32) -> Vec<u8> {
    let (width, times) = (size.0 as usize, times as usize);
    let row = width * times * 3;
    let mut small = Vec::with_capacity(width * size.1 as usize * 3);
    let of = (times * times) as u32;
    for lines in large.chunks_exact(row * times) {
        for x in 0..width {
            for part in 0..3 {
                let sum: u32 = (0..times * times)
                    .map(|at| u32::from(lines[(at / times) * row + (x * times + at % times) * 3 + part]))
                    .sum();
                // A mean of bytes is one.
                small.push(((sum + of / 2) / of) as u8);
            }
        }
    }
    small
}

/// Writes a picture as a PNG file.
///
/// # Errors
/// Where the encoder refuses, which a picture of the right size does not bring about.
pub(crate) fn png(bytes: &[u8], size: (u32, u32)) -> Result<Vec<u8>, ChartError> {
    let refused = |error: png::EncodingError| ChartError(error.to_string());
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, size.0, size.1);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().map_err(refused)?;
    writer.write_image_data(bytes).map_err(refused)?;
    writer.finish().map_err(refused)?;
    Ok(file)
}
