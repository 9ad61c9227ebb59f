//! What could keep the text of an element from being read: its size, its colours, its lines.

use super::style::{Declaration, Effect, Size};

/// Text smaller than this, in CSS pixels, is not read on a phone.
const LEAST_FONT_PX: f32 = 8.0;

/// Lines nearer to each other lie on each other, as a multiple of the font's size.
const LEAST_LINE_FACTOR: f32 = 0.8;

/// Contrast of text and background below which it is not seen (WCAG 2.2, contrast ratio; readable text has 4.5).
const LEAST_CONTRAST: f32 = 1.3;

/// What could keep the text of an element from being read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    /// `None` where the reader's program chooses.
    colour: Option<[u8; 3]>,
    background: [u8; 3],
    font_px: f32,
    line: Effect,
}

impl Look {
    pub(super) const PAGE: Self =
        Self { colour: Some([0; 3]), background: [255; 3], font_px: 16.0, line: Effect::LineFactor(1.2) };

    pub(super) fn with(mut self, declarations: &[Declaration]) -> Self {
        for declaration in declarations {
            match declaration.effect {
                Effect::None => {}
                Effect::Colour(colour) => self.colour = Some(colour),
                Effect::Background(background) => self.background = background,
                Effect::FontSize(Size::Px(px)) => self.font_px = px,
                Effect::FontSize(Size::Factor(factor)) => self.font_px *= factor,
                line @ (Effect::LineFactor(_) | Effect::LinePx(_)) => self.line = line,
            }
        }
        self
    }

    /// What an element's own look makes of it.
    pub(super) fn of_element(mut self, name: &str) -> Self {
        self.font_px *= match name {
            "small" | "sub" | "sup" | "h5" => 0.83,
            "h6" => 0.67,
            "code" | "kbd" | "samp" | "tt" | "pre" => 0.82,
            _ => 1.0,
        };
        match name {
            "a" => self.colour = None,
            "mark" => (self.colour, self.background) = (Some([0; 3]), [255, 255, 0]),
            _ => {}
        }
        self
    }

    pub(super) fn hides(&self) -> bool {
        let line = match self.line {
            Effect::LineFactor(factor) => factor,
            Effect::LinePx(px) => px / self.font_px.max(1.0),
            _ => 1.0,
        };
        self.font_px < LEAST_FONT_PX
            || line < LEAST_LINE_FACTOR
            || self.colour.is_some_and(|colour| contrast(colour, self.background) < LEAST_CONTRAST)
    }
}

/// The contrast ratio of WCAG 2.2.
pub(super) fn contrast(one: [u8; 3], other: [u8; 3]) -> f32 {
    pub(super) fn luminance(rgb: [u8; 3]) -> f32 {
        let [r, g, b] = rgb.map(|channel| {
            let part = f32::from(channel) / 255.0;
            if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}
