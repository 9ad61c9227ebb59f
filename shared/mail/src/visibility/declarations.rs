//! The CSS declarations that decide whether text is seen.

use super::{
    Computed, Lines, UNREADABLE_PX, WhiteSpace,
    colour::{Background, Colour},
    length::{length_px, number_and_unit, to_px},
};
use crate::html::Tag;

/// Lengths up to this count as none, in CSS pixels.
const NO_SIZE_PX: f32 = 1.0;
/// What is moved this far, in CSS pixels, is moved off every screen.
const FAR_PX: f32 = -400.0;
/// And on the other side, where a page may scroll a little.
const VERY_FAR_PX: f32 = 2_000.0;
/// Letters are not told apart.
const BLURRED_PX: f32 = 10.0;
/// Declarations read of one block.
const MAX_DECLARATIONS: usize = 100;

/// A value and whether it was `!important`.
#[derive(Debug, Clone, Copy)]
struct Said<T> {
    value: T,
    important: bool,
}

/// What was declared, `None` where nothing was. Later declarations replace earlier ones unless those are important.
#[derive(Debug, Clone, Default)]
pub(super) struct Declarations {
    no_display: Option<Said<bool>>,
    invisible: Option<Said<bool>>,
    font_size: Option<Said<Size>>,
    colour: Option<Said<Option<Colour>>>,
    background: Option<Said<Option<Background>>>,
    faded: Option<Said<bool>>,
    no_height: Option<Said<bool>>,
    no_width: Option<Said<bool>>,
    no_overflow: Option<Said<bool>>,
    pushed_out: Option<Said<bool>>,
    flat_lines: Option<Said<bool>>,
    clipped: Option<Said<bool>>,
    moved_away: Option<Said<bool>>,
    white_space: Option<Said<WhiteSpace>>,
    /// Attributes that nothing takes back: `hidden`, `mso-hide`.
    removed: bool,
}

#[derive(Debug, Clone, Copy)]
enum Size {
    None,
    Readable,
    /// A multiple of the parent's.
    Relative,
}

impl Declarations {
    /// Reads the attributes that are styles: `hidden`, `bgcolor`, `color`, `text`.
    pub(super) fn read_presentational(&mut self, tag: &Tag<'_>) {
        self.removed |= tag.attribute("hidden").is_some();
        if tag.attribute("background").is_some() {
            self.background = Some(Said { value: Some(Background::Unknown), important: false });
        } else if let Some(colour) = tag.attribute("bgcolor") {
            let value = Colour::parse(&colour.to_ascii_lowercase()).map(Background::Colour);
            self.background = Some(Said { value, important: false });
        }
        let colour = match tag.name.as_ref() {
            "font" => tag.attribute("color"),
            "body" => tag.attribute("text"),
            _ => None,
        };
        if let Some(colour) = colour.and_then(|colour| Colour::parse(&colour.to_ascii_lowercase())) {
            self.colour = Some(Said { value: Some(colour), important: false });
        }
        // A link has a colour of its own; which one is the reader's business.
        if tag.name == "a" && tag.attribute("href").is_some() {
            self.colour = Some(Said { value: None, important: false });
        }
    }

    /// Reads a block of declarations, such as a `style` attribute.
    pub(super) fn read(&mut self, block: &str) {
        let plain = super::sheet::without_comments_and_escapes(block);
        for declaration in plain.split(';').take(MAX_DECLARATIONS) {
            let Some((property, value)) = declaration.split_once(':') else { continue };
            let property = property.trim();
            let (value, important) = match value.rsplit_once('!') {
                Some((value, word)) if word.trim() == "important" => (value.trim(), true),
                _ => (value.trim(), false),
            };
            self.read_one(property, value, important);
        }
    }

    fn read_one(&mut self, property: &str, value: &str, important: bool) {
        match property {
            "display" => {
                // A word that is no display is not heard.
                const INSIDE: [&str; 11] = [
                    "none",
                    "block",
                    "inline",
                    "flex",
                    "grid",
                    "table",
                    "list-item",
                    "contents",
                    "flow-root",
                    "initial",
                    "unset",
                ];
                if INSIDE.iter().any(|word| value.contains(word)) {
                    say(&mut self.no_display, value == "none", important);
                }
            }
            "visibility" => say(&mut self.invisible, matches!(value, "hidden" | "collapse"), important),
            "content-visibility" => say(&mut self.clipped, value == "hidden", important),
            "mso-hide" => self.removed |= value == "all",
            "opacity" => say(&mut self.faded, is_faint(value), important),
            "zoom" | "scale" => say(&mut self.clipped, value.split_whitespace().any(is_faint), important),
            "filter" => {
                let argument = |name: &str| value.strip_prefix(name).map(|v| v.trim_end_matches(')'));
                let faint = argument("opacity(").is_some_and(is_faint)
                    || argument("blur(").and_then(length_px).is_some_and(|px| px >= BLURRED_PX)
                    || value == "alpha(opacity=0)";
                say(&mut self.faded, faint, important);
            }
            "font-size" => say_some(&mut self.font_size, font_size(value), important),
            "font" => say_some(&mut self.font_size, font_size_of_shorthand(value), important),
            "color" | "-webkit-text-fill-color" if !matches!(value, "inherit" | "unset" | "currentcolor") => {
                say(&mut self.colour, Colour::parse(value), important);
            }
            "background" | "background-color" | "background-image" => self.read_background(property, value, important),
            "height" | "max-height" => say(&mut self.no_height, has_no_size(value), important),
            "width" | "max-width" => say(&mut self.no_width, has_no_size(value), important),
            "overflow" => {
                say(&mut self.no_overflow, value.starts_with("hidden") || value.starts_with("clip"), important);
            }
            "clip" => say(&mut self.clipped, value.strip_prefix("rect(").is_some_and(is_empty_rectangle), important),
            "clip-path" => {
                let empty =
                    ["inset(100%", "inset(50%", "circle(0", "polygon(0 0)", "polygon(0 0, 0 0", "polygon(0 0,0 0"];
                say(&mut self.clipped, empty.iter().any(|start| value.starts_with(start)), important);
            }
            "line-height" => say(&mut self.flat_lines, is_flat(value), important),
            "letter-spacing" => {
                // The letters lie on each other.
                say(&mut self.clipped, length_px(value).is_some_and(|px| px <= -12.0), important);
            }
            "text-indent" if number_and_unit(value).is_some_and(|(n, unit)| unit == "%" && n >= 100.0) => {
                say(&mut self.pushed_out, true, important);
            }
            "right" | "bottom" if length_px(value).is_some_and(|px| px >= VERY_FAR_PX) => {
                say(&mut self.moved_away, true, important);
            }
            "text-indent" | "left" | "top" | "right" | "bottom" | "margin" | "margin-left" | "margin-top"
                if value.split_whitespace().any(is_far_away) =>
            {
                say(&mut self.moved_away, true, important);
            }
            "white-space" | "white-space-collapse" => {
                let said = match value.split_whitespace().next().unwrap_or_default() {
                    "pre" | "pre-wrap" | "break-spaces" | "preserve" | "-moz-pre-wrap" => Some(WhiteSpace::Kept),
                    "pre-line" | "preserve-breaks" => Some(WhiteSpace::Lines),
                    "normal" | "nowrap" | "initial" | "collapse" => Some(WhiteSpace::Collapsed),
                    _ => None,
                };
                say_some(&mut self.white_space, said, important);
            }
            "transform" | "-webkit-transform" => {
                let arguments = value.split_once('(').map_or("", |(_, arguments)| arguments).trim_end_matches(')');
                let edge_on = ["rotatex(90deg", "rotatey(90deg", "rotatex(-90deg", "rotatey(-90deg"];
                let gone = edge_on.iter().any(|turn| value.starts_with(turn))
                    || value.starts_with("scale") && length_px(arguments).is_some_and(|n| n.abs() < 0.05)
                    || value.starts_with("translate") && arguments.split(',').any(|a| is_far_away(a.trim()));
                say(&mut self.clipped, gone, important);
            }
            _ => {}
        }
    }

    fn read_background(&mut self, property: &str, value: &str, important: bool) {
        if let Some(colour) = only_colour_of_gradient(value) {
            say(&mut self.background, Some(Background::Colour(colour)), important);
            return;
        }
        let has_picture = ["url(", "gradient(", "image(", "var("].iter().any(|mark| value.contains(mark));
        if has_picture {
            say(&mut self.background, Some(Background::Unknown), important);
        } else if property == "background-color" || property == "background" {
            let whole = Colour::parse(value);
            let colour = whole.or_else(|| value.split_whitespace().find_map(Colour::parse));
            let painted = match colour {
                // What shines through is what was there.
                Some(colour) if colour.is_transparent() => None,
                Some(colour) => Some(Background::Colour(colour)),
                None if matches!(value, "none" | "initial" | "unset" | "inherit") => None,
                None => Some(Background::Unknown),
            };
            say(&mut self.background, painted, important);
        }
    }

    /// Nothing of it is seen, whatever is said.
    pub(super) fn remove(&mut self) {
        self.removed = true;
    }

    /// A rule that may or may not meet this element paints it, so that nothing is known of its colours.
    pub(super) fn forget_colours(&mut self) {
        self.background = Some(Said { value: Some(Background::Unknown), important: false });
    }

    /// Whether it paints text or what is behind it.
    pub(super) const fn paints(&self) -> bool {
        self.colour.is_some() || self.background.is_some()
    }

    /// Puts `other`, which comes later, over this.
    pub(super) fn merge(&mut self, other: &Self) {
        fn over<T: Copy>(slot: &mut Option<Said<T>>, other: Option<Said<T>>) {
            if let Some(said) = other {
                say(slot, said.value, said.important);
            }
        }
        over(&mut self.no_display, other.no_display);
        over(&mut self.invisible, other.invisible);
        over(&mut self.font_size, other.font_size);
        over(&mut self.colour, other.colour);
        over(&mut self.background, other.background);
        over(&mut self.faded, other.faded);
        over(&mut self.no_height, other.no_height);
        over(&mut self.no_width, other.no_width);
        over(&mut self.no_overflow, other.no_overflow);
        over(&mut self.pushed_out, other.pushed_out);
        over(&mut self.flat_lines, other.flat_lines);
        over(&mut self.clipped, other.clipped);
        over(&mut self.moved_away, other.moved_away);
        over(&mut self.white_space, other.white_space);
        self.removed |= other.removed;
    }

    /// What the element computes to; `computed` is its parent's before.
    pub(super) fn compute(&self, computed: &mut Computed) {
        let is = |said: Option<Said<bool>>| said.is_some_and(|said| said.value);
        let no_room = is(self.no_overflow) && (is(self.no_height) || is(self.no_width) || is(self.pushed_out));
        computed.removed |=
            self.removed || no_room || [self.no_display, self.faded, self.clipped, self.moved_away].into_iter().any(is);
        if let Some(said) = self.invisible {
            computed.invisible = said.value;
        }
        computed.lines = match (self.flat_lines.map(|said| said.value), computed.lines) {
            (Some(false), _) => Lines::Tall,
            (Some(true), Lines::Tall) => Lines::Flat,
            (_, inherited) => inherited,
        };
        if is(self.no_overflow) && computed.lines == Lines::Flat {
            computed.lines = Lines::Cut;
        }
        match self.font_size.map(|said| said.value) {
            Some(Size::None) => computed.unreadably_small = true,
            Some(Size::Readable) => computed.unreadably_small = false,
            Some(Size::Relative) | None => {}
        }
        if let Some(said) = self.white_space {
            computed.white_space = said.value;
        }
        if let Some(said) = self.colour {
            computed.colour = said.value;
        }
        if let Some(background) = self.background.and_then(|said| said.value) {
            computed.background = background;
        }
    }
}

fn say<T>(slot: &mut Option<Said<T>>, value: T, important: bool) {
    if important || !slot.as_ref().is_some_and(|said| said.important) {
        *slot = Some(Said { value, important });
    }
}

fn say_some<T>(slot: &mut Option<Said<T>>, value: Option<T>, important: bool) {
    if let Some(value) = value {
        say(slot, value, important);
    }
}

/// The colour of `linear-gradient(#fff, #fff)`: one whose colours are all alike, as far as they are known.
fn only_colour_of_gradient(value: &str) -> Option<Colour> {
    let (kind, stops) = value.split_once("gradient(")?;
    if !kind.chars().all(|c| c.is_ascii_alphabetic() || c == '-') || stops.contains(['(', '/']) {
        return None;
    }
    let mut stops = stops.trim_end_matches(')').split(',').map(str::trim).peekable();
    stops.next_if(|first| first.starts_with("to ") || first.ends_with("deg") || first.ends_with("turn"));
    let mut colours = stops.map(|stop| stop.split_whitespace().next().and_then(Colour::parse));
    let first = colours.next()??;
    colours.all(|colour| colour.is_some_and(|colour| colour.is_like(first))).then_some(first)
}

fn is_faint(value: &str) -> bool {
    number_and_unit(value.trim()).is_some_and(|(n, unit)| n <= if unit == "%" { 5.0 } else { 0.05 })
}

/// A line height; without a unit it is a multiple of the text's size.
fn is_flat(value: &str) -> bool {
    number_and_unit(value).is_some_and(|(n, unit)| match unit {
        "" => n <= 0.1,
        "%" => n <= 10.0,
        _ => to_px(n, unit) <= NO_SIZE_PX,
    })
}

fn has_no_size(value: &str) -> bool {
    length_px(value).is_some_and(|px| px.abs() <= NO_SIZE_PX)
}

fn is_far_away(value: &str) -> bool {
    number_and_unit(value).is_some_and(|(n, unit)| unit != "%" || n <= -100.0)
        && length_px(value).is_some_and(|px| px <= FAR_PX)
}

/// `0,0,0,0)` and its like, after `rect(`.
fn is_empty_rectangle(arguments: &str) -> bool {
    let sides: Vec<Option<f32>> = arguments
        .trim_end_matches(')')
        .split(|c: char| c == ',' || c.is_whitespace())
        .filter(|side| !side.is_empty())
        .map(length_px)
        .collect();
    match *sides.as_slice() {
        [Some(top), Some(right), Some(bottom), Some(left)] => {
            (bottom - top) <= NO_SIZE_PX || (right - left) <= NO_SIZE_PX
        }
        _ => false,
    }
}

fn font_size(value: &str) -> Option<Size> {
    match value {
        "xx-small" | "x-small" | "small" | "medium" | "large" | "x-large" | "xx-large" | "initial" => {
            return Some(Size::Readable);
        }
        "smaller" | "larger" | "inherit" => return Some(Size::Relative),
        _ => {}
    }
    let (number, unit) = number_and_unit(value)?;
    let is_relative = matches!(unit, "em" | "%" | "ex" | "ch");
    let px = if unit == "%" { number / 100.0 * 16.0 } else { length_px(value)? };
    Some(if px <= UNREADABLE_PX {
        Size::None
    } else if is_relative {
        Size::Relative
    } else {
        Size::Readable
    })
}

/// The size in `italic bold 12px/30px Georgia, serif`: the first length.
fn font_size_of_shorthand(value: &str) -> Option<Size> {
    let is_weight = |word: &str| word.len() == 3 && word.ends_with("00");
    value
        .split_whitespace()
        .filter(|word| !is_weight(word))
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit() || c == '.'))
        .and_then(|word| font_size(word.split('/').next().unwrap_or_default()))
}
