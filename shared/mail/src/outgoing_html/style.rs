//! The part of CSS that a mail of ours may use: colour, font, spacing, borders, alignment, widths. Whatever is not known
//! here is left out, and nothing that is known moves, covers, cuts off, fetches or computes.

use std::fmt::Write as _;

use crate::visibility::colour::Colour;

/// A declaration that stays, as it is written, and what it says about text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Declaration {
    pub(super) property: &'static str,
    pub(super) value: String,
    pub(super) effect: Effect,
}

/// What a declaration does to the text in its element, as far as it could keep it from being read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Effect {
    None,
    Colour([u8; 3]),
    Background([u8; 3]),
    FontSize(Size),
    /// Of lines, as a multiple of the font's size.
    LineFactor(f32),
    /// Of lines, in CSS pixels.
    LinePx(f32),
}

/// A font size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Size {
    Px(f32),
    /// A multiple of the parent's.
    Factor(f32),
}

/// Families that are on most machines, and what they fall back to. Others are left out: in a font of symbols, words are not
/// the words that an approver without that font reads.
const FAMILIES: [&str; 35] = [
    "-apple-system",
    "arial",
    "blinkmacsystemfont",
    "calibri",
    "cambria",
    "consolas",
    "courier",
    "courier new",
    "garamond",
    "georgia",
    "helvetica",
    "helvetica neue",
    "inter",
    "lato",
    "lucida console",
    "lucida grande",
    "menlo",
    "monaco",
    "monospace",
    "open sans",
    "palatino",
    "palatino linotype",
    "roboto",
    "sans-serif",
    "segoe ui",
    "serif",
    "source sans pro",
    "system-ui",
    "tahoma",
    "times",
    "times new roman",
    "trebuchet ms",
    "ui-sans-serif",
    "ui-monospace",
    "verdana",
];

/// Declarations read of one `style`.
const MAX_DECLARATIONS: usize = 60;

/// Reads a `style` attribute of an element. What is not kept goes to `left_out`, by property and value.
pub(super) fn read(element: &str, style: &str, mut left_out: impl FnMut(&str)) -> Vec<Declaration> {
    let mut kept: Vec<Declaration> = Vec::new();
    for text in style.split(';').map(str::trim).filter(|text| !text.is_empty()).take(MAX_DECLARATIONS) {
        let read = text.split_once(':').and_then(|(property, value)| {
            let value = value.trim().to_ascii_lowercase();
            let value = value.strip_suffix("!important").map_or(value.as_str(), str::trim_end).to_owned();
            one(element, &property.trim().to_ascii_lowercase(), &value)
        });
        match read {
            Some(declaration) => {
                // The last one counts, and only it is written.
                kept.retain(|earlier| earlier.property != declaration.property);
                kept.push(declaration);
            }
            None => left_out(text),
        }
    }
    kept
}

/// The declarations as the value of a `style` attribute.
pub(super) fn write(declarations: &[Declaration]) -> String {
    let mut style = String::new();
    for Declaration { property, value, .. } in declarations {
        let separator = if style.is_empty() { "" } else { ";" };
        let _ = write!(style, "{separator}{property}:{value}");
    }
    style
}

fn one(element: &str, property: &str, value: &str) -> Option<Declaration> {
    let plain =
        |property, value: Option<String>| value.map(|value| Declaration { property, value, effect: Effect::None });
    let word = |property, words: &[&str]| plain(property, words.contains(&value).then(|| value.to_owned()));
    match property {
        "color" => colour("color", value, Effect::Colour),
        // Of `background`, a colour is all that stays.
        "background" | "background-color" => colour("background-color", value, Effect::Background),
        "font-size" => {
            let (value, size) = font_size(value)?;
            Some(Declaration { property: "font-size", value, effect: Effect::FontSize(size) })
        }
        "line-height" => {
            let (value, effect) = line_height(value)?;
            Some(Declaration { property: "line-height", value, effect })
        }
        "font-family" => plain("font-family", families(value)),
        "font-weight" => word(
            "font-weight",
            &["normal", "bold", "bolder", "lighter", "100", "200", "300", "400", "500", "600", "700", "800", "900"],
        ),
        "font-style" => word("font-style", &["normal", "italic", "oblique"]),
        "text-align" => word("text-align", &["left", "right", "center", "justify", "start", "end"]),
        "text-decoration" | "text-decoration-line" => word("text-decoration", &["none", "underline", "line-through"]),
        "vertical-align" => {
            word("vertical-align", &["baseline", "top", "middle", "bottom", "text-top", "text-bottom", "sub", "super"])
        }
        "white-space" => word("white-space", &["normal", "pre", "pre-wrap", "pre-line"]),
        "word-break" => word("word-break", &["normal", "break-word"]),
        "overflow-wrap" | "word-wrap" => word("overflow-wrap", &["normal", "anywhere", "break-word"]),
        "direction" => word("direction", &["ltr", "rtl"]),
        "display" => word("display", &["block", "inline", "inline-block"]),
        "letter-spacing" => plain("letter-spacing", length(value, 0.0, 4.0, false)),
        "list-style" | "list-style-type" => word(
            "list-style-type",
            &[
                "none",
                "disc",
                "circle",
                "square",
                "decimal",
                "lower-alpha",
                "upper-alpha",
                "lower-roman",
                "upper-roman",
            ],
        ),
        "margin" => plain("margin", sides(value, 100.0, true)),
        "margin-top" => plain("margin-top", side(value, 100.0, true)),
        "margin-right" => plain("margin-right", side(value, 100.0, true)),
        "margin-bottom" => plain("margin-bottom", side(value, 100.0, true)),
        "margin-left" => plain("margin-left", side(value, 100.0, true)),
        "padding" => plain("padding", sides(value, 100.0, false)),
        "padding-top" => plain("padding-top", side(value, 100.0, false)),
        "padding-right" => plain("padding-right", side(value, 100.0, false)),
        "padding-bottom" => plain("padding-bottom", side(value, 100.0, false)),
        "padding-left" => plain("padding-left", side(value, 100.0, false)),
        "border" => plain("border", border(value)),
        "border-top" => plain("border-top", border(value)),
        "border-right" => plain("border-right", border(value)),
        "border-bottom" => plain("border-bottom", border(value)),
        "border-left" => plain("border-left", border(value)),
        "border-width" => plain("border-width", sides(value, 20.0, false)),
        "border-style" => word("border-style", &BORDER_STYLES),
        "border-color" => plain("border-color", opaque(value).map(hex)),
        "border-radius" => plain("border-radius", length(value, 0.0, 50.0, false)),
        "border-collapse" => word("border-collapse", &["collapse", "separate"]),
        "border-spacing" => plain("border-spacing", length(value, 0.0, 50.0, false)),
        "width" => plain("width", width(value)),
        "max-width" => plain("max-width", width(value)),
        "min-width" => plain("min-width", width(value)),
        // Whatever else has a height, its text runs over what stands below; these grow.
        "height" if matches!(element, "table" | "tr" | "td" | "th" | "hr" | "img") => {
            plain("height", length(value, 1.0, 2_000.0, true))
        }
        _ => None,
    }
}

const BORDER_STYLES: [&str; 5] = ["none", "solid", "dashed", "dotted", "double"];

pub(super) fn hex([r, g, b]: [u8; 3]) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// A colour that covers what is behind it.
pub(super) fn opaque(value: &str) -> Option<[u8; 3]> {
    Colour::parse(value)?.rgb()
}

fn colour(property: &'static str, value: &str, effect: fn([u8; 3]) -> Effect) -> Option<Declaration> {
    let rgb = opaque(value)?;
    Some(Declaration { property, value: hex(rgb), effect: effect(rgb) })
}

/// A number without sign or exponent, and what stands behind it.
fn number(value: &str) -> Option<(f32, &str)> {
    let end = value.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(value.len());
    let (digits, unit) = value.split_at(end);
    if digits.len() > 8 {
        return None;
    }
    Some((digits.parse().ok()?, unit))
}

/// A length between two bounds in CSS pixels.
fn length(value: &str, least_px: f32, most_px: f32, percent: bool) -> Option<String> {
    let (n, unit) = number(value)?;
    let px = match unit {
        "" if n == 0.0 => 0.0,
        "px" => n,
        "pt" => n * 4.0 / 3.0,
        "em" | "rem" => n * 16.0,
        "ex" | "ch" => n * 8.0,
        "%" if percent && (0.0..=100.0).contains(&n) => return Some(format!("{n}%")),
        _ => return None,
    };
    (least_px..=most_px).contains(&px).then(|| format!("{n}{unit}"))
}

fn width(value: &str) -> Option<String> {
    match value {
        "auto" | "none" => Some(value.to_owned()),
        // Narrower, every letter has a line of its own.
        _ if value.ends_with('%') => {
            number(value).filter(|(n, _)| *n >= 5.0).and_then(|_| length(value, 0.0, 0.0, true))
        }
        _ => length(value, 24.0, 2_000.0, false),
    }
}

fn side(value: &str, most_px: f32, auto: bool) -> Option<String> {
    if auto && value == "auto" { Some(value.to_owned()) } else { length(value, 0.0, most_px, false) }
}

fn sides(value: &str, most_px: f32, auto: bool) -> Option<String> {
    let sides: Vec<String> = value.split_whitespace().map(|one| side(one, most_px, auto)).collect::<Option<_>>()?;
    (1..=4).contains(&sides.len()).then(|| sides.join(" "))
}

fn border(value: &str) -> Option<String> {
    if matches!(value, "none" | "0") {
        return Some(value.to_owned());
    }
    let part = |word: &str| {
        if BORDER_STYLES.contains(&word) || matches!(word, "thin" | "medium" | "thick") {
            return Some(word.to_owned());
        }
        length(word, 0.0, 20.0, false).or_else(|| opaque(word).map(hex))
    };
    // The blanks within `rgb(…)` are none between words.
    let value = value.replace(", ", ",");
    let parts: Vec<String> = value.split_whitespace().map(part).collect::<Option<_>>()?;
    (1..=3).contains(&parts.len()).then(|| parts.join(" "))
}

fn font_size(value: &str) -> Option<(String, Size)> {
    let named = match value {
        "small" => Some(Size::Px(13.0)),
        "medium" => Some(Size::Px(16.0)),
        "large" => Some(Size::Px(18.0)),
        "x-large" => Some(Size::Px(24.0)),
        "xx-large" => Some(Size::Px(32.0)),
        "smaller" => Some(Size::Factor(0.83)),
        "larger" => Some(Size::Factor(1.2)),
        "inherit" => Some(Size::Factor(1.0)),
        _ => None,
    };
    if let Some(size) = named {
        return Some((value.to_owned(), size));
    }
    let (n, unit) = number(value)?;
    let size = match unit {
        "px" => Size::Px(n),
        "pt" => Size::Px(n * 4.0 / 3.0),
        "rem" => Size::Px(n * 16.0),
        "em" => Size::Factor(n),
        "%" => Size::Factor(n / 100.0),
        _ => return None,
    };
    // What is too small is said of the text that it would hide; what is too large is no size.
    let is_sane = match size {
        Size::Px(px) => px <= 72.0,
        Size::Factor(factor) => factor <= 4.0,
    };
    is_sane.then(|| (format!("{n}{unit}"), size))
}

fn line_height(value: &str) -> Option<(String, Effect)> {
    if value == "normal" {
        return Some((value.to_owned(), Effect::LineFactor(1.2)));
    }
    let (n, unit) = number(value)?;
    // A multiple is inherited as such: of a length made from it, larger text within would get too little.
    let (n, unit) = match unit {
        "em" => (n, ""),
        "%" => (n / 100.0, ""),
        _ => (n, unit),
    };
    let effect = match unit {
        "" => Effect::LineFactor(n),
        "px" => Effect::LinePx(n),
        "pt" => Effect::LinePx(n * 4.0 / 3.0),
        _ => return None,
    };
    let is_sane = match effect {
        Effect::LineFactor(factor) => factor <= 4.0,
        Effect::LinePx(px) => px <= 200.0,
        _ => false,
    };
    is_sane.then(|| (format!("{n}{unit}"), effect))
}

fn families(value: &str) -> Option<String> {
    let known: Vec<String> = value
        .split(',')
        .map(|family| family.trim().trim_matches(['"', '\'']).trim())
        .filter(|family| FAMILIES.contains(family))
        .map(|family| if family.contains(' ') { format!("'{family}'") } else { family.to_owned() })
        .collect();
    (!known.is_empty()).then(|| known.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(style: &str) -> String {
        write(&read("td", style, |_| ()))
    }

    #[test]
    fn what_people_use_stays() {
        for (style, kept) in [
            (
                "color: #333; font-family: Arial, 'Helvetica Neue', sans-serif",
                "color:#333333;font-family:arial,'helvetica neue',sans-serif",
            ),
            ("font-size:14px;line-height:1.5", "font-size:14px;line-height:1.5"),
            ("padding: 8px 12px; border:1px solid rgb(10, 20, 30)", "padding:8px 12px;border:1px solid #0a141e"),
            (
                "width:100%;max-width:600px;border-collapse:collapse",
                "width:100%;max-width:600px;border-collapse:collapse",
            ),
            (
                "margin:0 auto;text-align:center;background:#eee",
                "margin:0 auto;text-align:center;background-color:#eeeeee",
            ),
            ("color:red;color:blue !important", "color:#0000ff"),
        ] {
            assert_eq!(written(style), kept, "{style}");
            assert_eq!(written(&written(style)), written(style), "the same again");
        }
    }

    #[test]
    fn nothing_hides_moves_or_fetches() {
        for style in [
            "display:none",
            "visibility:hidden",
            "opacity:0",
            "position:absolute",
            "margin-left:-99px",
            "text-indent:-9em",
            "max-height:0",
            "overflow:hidden",
            "transform:scale(0)",
            "clip:rect(0,0,0,0)",
            "float:left",
            "z-index:1",
            "filter:blur(9px)",
            "color:transparent",
            "color:rgba(0,0,0,0)",
            "color:var(--x)",
            "background:url(https://x.example/a)",
            "font-family:wingdings",
            "width:1px",
            "white-space:nowrap",
            "content:'x'",
            "color:#333/**/",
            "\\63olor:red",
            "letter-spacing:-20px",
            "font-size:1e9px",
            "mso-hide:all",
            "unicode-bidi:bidi-override",
            "text-transform:uppercase",
            "-webkit-text-fill-color:#fff",
            "zoom:0",
        ] {
            assert_eq!(written(style), "", "{style}");
        }
    }
}
