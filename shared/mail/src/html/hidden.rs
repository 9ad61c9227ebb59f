//! Elements that a reader does not see.

use super::tokenizer::Tag;

/// Whether an element is hidden by its own attributes: `hidden`, or a style that gives it no size, no display, no
/// colour of its own against its background.
pub(crate) fn is_hidden(tag: &Tag) -> bool {
    if tag.attribute("hidden").is_some() {
        return true;
    }
    let Some(style) = tag.attribute("style") else { return false };
    let style = style.to_ascii_lowercase();
    let mut colour = None;
    let mut background = None;
    let mut no_overflow = false;
    let mut no_size = false;
    for declaration in style.split(';') {
        let Some((property, value)) = declaration.split_once(':') else { continue };
        let value = value.trim().trim_end_matches("!important").trim();
        match property.trim() {
            "display" if value == "none" => return true,
            "visibility" if matches!(value, "hidden" | "collapse") => return true,
            "mso-hide" if value == "all" => return true,
            "opacity" | "font-size" if is_zero(value) => return true,
            "max-height" | "max-width" | "height" | "width" if is_zero(value) => no_size = true,
            "overflow" if value == "hidden" => no_overflow = true,
            "text-indent" | "left" | "top" | "margin-left" if is_far_outside(value) => return true,
            "color" => colour = Some(value.to_owned()),
            "background" | "background-color" => background = Some(value.to_owned()),
            _ => {}
        }
    }
    (no_overflow && no_size)
        || colour.is_some_and(|colour| colour == "transparent" || background.as_ref() == Some(&colour))
}

fn number(value: &str) -> Option<f32> {
    let end = value.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+'))).unwrap_or(value.len());
    value.get(..end)?.parse().ok()
}

fn is_zero(value: &str) -> bool {
    // One pixel is as unreadable as none.
    number(value).is_some_and(|n| n.abs() < 0.05 || (value.ends_with("px") && n <= 1.0))
}

fn is_far_outside(value: &str) -> bool {
    number(value).is_some_and(|n| n <= -500.0)
}

#[cfg(test)]
mod tests {
    use super::super::{Token, Tokenizer};
    use super::*;

    #[test]
    fn common_ways_to_hide() {
        let hidden = |attributes: &str| match Tokenizer::new(&format!("<div {attributes}>")).next() {
            Some(Token::Tag(tag)) => is_hidden(&tag),
            other => panic!("{other:?}"),
        };
        for attributes in [
            "hidden",
            "style='display:none'",
            "style='DISPLAY : None !important'",
            "style='visibility:hidden'",
            "style='font-size:0'",
            "style='font-size:1px'",
            "style='opacity:0.0'",
            "style='color:#fff;background-color:#FFF'",
            "style='max-height:0;overflow:hidden'",
            "style='text-indent:-9999px'",
            "style='mso-hide:all'",
        ] {
            assert!(hidden(attributes), "{attributes}");
        }
        for attributes in [
            "",
            "style='display:block'",
            "style='font-size:12px'",
            "style='color:#fff'",
            "style='height:0'",
            "style='opacity:0.9'",
        ] {
            assert!(!hidden(attributes), "{attributes}");
        }
    }
}
