//! Colours of CSS, as far as mail uses them.

/// Red, green, blue, and how much of it covers what is behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Colour {
    rgb: [u8; 3],
    alpha: u8,
}

/// What text stands on.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Background {
    Colour(Colour),
    /// A picture, a gradient, or something a rule painted that is not followed.
    Unknown,
}

impl Colour {
    pub(crate) const BLACK: Self = Self::opaque(0, 0, 0);
    pub(crate) const WHITE: Self = Self::opaque(255, 255, 255);

    const fn opaque(r: u8, g: u8, b: u8) -> Self {
        Self { rgb: [r, g, b], alpha: 255 }
    }

    /// Its channels, if nothing shines through.
    pub(crate) const fn rgb(self) -> Option<[u8; 3]> {
        if self.alpha == 255 { Some(self.rgb) } else { None }
    }

    pub(crate) const fn is_transparent(self) -> bool {
        self.alpha < 13
    }

    /// Whether nobody can tell the two apart on a screen.
    pub(crate) fn is_like(self, other: Self) -> bool {
        self.rgb.iter().zip(other.rgb).all(|(a, b)| a.abs_diff(b) <= 8)
    }

    /// Reads a colour; `None` for what is none or cannot be known here (`inherit`, variables).
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some(hex) = text.strip_prefix('#') {
            return Self::from_hex(hex);
        }
        if let Some((name, arguments)) = text.split_once('(') {
            return Self::from_function(name.trim(), arguments.trim_end_matches(')'));
        }
        let rgb = match text {
            "transparent" => return Some(Self { rgb: [0; 3], alpha: 0 }),
            "white" => 0xff_ffff,
            "snow" => 0xff_fafa,
            "ghostwhite" => 0xf8_f8ff,
            "ivory" => 0xff_fff0,
            "floralwhite" => 0xff_faf0,
            "whitesmoke" => 0xf5_f5f5,
            "azure" => 0xf0_ffff,
            "mintcream" => 0xf5_fffa,
            "aliceblue" => 0xf0_f8ff,
            "black" => 0,
            "gainsboro" => 0xdc_dcdc,
            "lightgray" | "lightgrey" => 0xd3_d3d3,
            "silver" => 0xc0_c0c0,
            "darkgray" | "darkgrey" => 0xa9_a9a9,
            "gray" | "grey" => 0x80_8080,
            "dimgray" | "dimgrey" => 0x69_6969,
            "red" => 0xff_0000,
            "maroon" => 0x80_0000,
            "yellow" => 0xff_ff00,
            "olive" => 0x80_8000,
            "lime" => 0x00_ff00,
            "green" => 0x00_8000,
            "aqua" | "cyan" => 0x00_ffff,
            "teal" => 0x00_8080,
            "blue" => 0x00_00ff,
            "navy" => 0x00_0080,
            "fuchsia" | "magenta" => 0xff_00ff,
            "purple" => 0x80_0080,
            "orange" => 0xff_a500,
            // `bgcolor=ffffff`, as old mail has it.
            _ if text.len() == 6 => return Self::from_hex(text),
            _ => return None,
        };
        let [_, r, g, b] = u32::to_be_bytes(rgb);
        Some(Self::opaque(r, g, b))
    }

    fn from_hex(hex: &str) -> Option<Self> {
        let digits: Vec<u8> =
            hex.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect::<Option<_>>()?;
        match *digits.as_slice() {
            [r, g, b] => Some(Self::opaque(r * 17, g * 17, b * 17)),
            [r, g, b, a] => Some(Self { rgb: [r * 17, g * 17, b * 17], alpha: a * 17 }),
            [r, r2, g, g2, b, b2] => Some(Self::opaque(r * 16 + r2, g * 16 + g2, b * 16 + b2)),
            [r, r2, g, g2, b, b2, a, a2] => {
                Some(Self { rgb: [r * 16 + r2, g * 16 + g2, b * 16 + b2], alpha: a * 16 + a2 })
            }
            _ => None,
        }
    }

    fn from_function(name: &str, arguments: &str) -> Option<Self> {
        let numbers: Vec<(f32, bool)> = arguments
            .split(|c: char| c == ',' || c == '/' || c.is_whitespace())
            .filter(|piece| !piece.is_empty())
            .map(|piece| {
                let (number, is_percent) = piece.strip_suffix('%').map_or((piece, false), |number| (number, true));
                number.trim_end_matches("deg").parse::<f32>().ok().map(|n| (n, is_percent))
            })
            .collect::<Option<_>>()?;
        let alpha = numbers.get(3).map_or(255, |(n, percent)| to_byte(if *percent { n * 2.55 } else { n * 255.0 }));
        let channel = |at: usize| numbers.get(at).map(|(n, percent)| to_byte(if *percent { n * 2.55 } else { *n }));
        match name {
            "rgb" | "rgba" => Some(Self { rgb: [channel(0)?, channel(1)?, channel(2)?], alpha }),
            // Without colour, its lightness says all; with colour, it is left open.
            "hsl" | "hsla" => {
                let ((saturation, _), (lightness, _)) = (numbers.get(1)?, numbers.get(2)?);
                let grey = to_byte(lightness * 2.55);
                let is_grey = *saturation < 3.0 || *lightness < 3.0 || *lightness > 97.0 || alpha < 13;
                is_grey.then_some(Self { rgb: [grey; 3], alpha })
            }
            // Where nothing but lightness is left of a colour, it is black or white.
            "oklch" | "oklab" | "lab" | "lch" => {
                let (lightness, is_percent) = *numbers.first()?;
                let whole = if is_percent || !name.starts_with("ok") { 100.0 } else { 1.0 };
                match lightness / whole {
                    _ if alpha < 13 => Some(Self { rgb: [0; 3], alpha }),
                    part if part >= 0.99 => Some(Self { rgb: [255; 3], alpha }),
                    part if part <= 0.01 => Some(Self { rgb: [0; 3], alpha }),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

fn to_byte(number: f32) -> u8 {
    // Between 0 and 255 by then, and rounded: nothing is lost.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let byte = number.clamp(0.0, 255.0).round() as u8;
    byte
}
