//! Which elements and attributes leave.

use super::FindingKind;
use crate::{html::TEXT_ELEMENTS, unseen::is_unseen};

/// What becomes of an element.
pub(super) enum Fate {
    /// It is written.
    Stays,
    /// Its content is written, it is not.
    Unwrapped,
    /// It has no meaning in a mail, nor has its content.
    Gone,
    /// It goes with its content, and that is said.
    Refused(FindingKind),
    /// Its content stays, and that is said.
    Opened(FindingKind),
}

pub(super) fn fate(name: &str) -> Fate {
    match name {
        _ if TEXT_ELEMENTS.contains(&name) => Fate::Stays,
        "html" | "head" | "body" | "time" | "nobr" | "bdi" | "data" | "nav" | "hgroup" | "search" | "acronym" => {
            Fate::Unwrapped
        }
        "meta" | "title" => Fate::Gone,
        "style" | "link" => Fate::Refused(FindingKind::StyleSheet),
        "script" | "iframe" | "frame" | "frameset" | "object" | "embed" | "applet" | "param" | "svg" | "math"
        | "video" | "audio" | "source" | "track" | "canvas" | "base" | "map" | "area" | "portal" | "bgsound"
        | "marquee" | "blink" => Fate::Refused(FindingKind::ActiveElement),
        "input" | "textarea" | "select" | "option" | "optgroup" | "datalist" | "output" | "progress" | "meter"
        | "selectedcontent" | "keygen" | "isindex" => Fate::Refused(FindingKind::FormElement),
        "form" | "fieldset" | "legend" | "label" | "button" => Fate::Opened(FindingKind::FormElement),
        "noscript" | "template" | "noembed" | "noframes" | "xmp" | "plaintext" | "listing" | "dialog" | "slot"
        | "details" | "summary" | "bdo" | "ruby" | "rp" | "rt" | "rtc" | "rb" => {
            Fate::Refused(FindingKind::UncertainElement)
        }
        _ => Fate::Opened(FindingKind::Element),
    }
}

pub(super) fn is_void(name: &str) -> bool {
    matches!(name, "br" | "hr" | "wbr" | "col" | "img")
}

/// `meta` that does more than describe.
pub(super) fn is_active_meta(kind: &str) -> bool {
    !matches!(kind.trim().to_ascii_lowercase().as_str(), "content-type" | "x-ua-compatible" | "content-language")
}

/// Attributes without any effect on what is read, which nobody misses.
pub(super) fn is_silent(key: &str) -> bool {
    matches!(
        key,
        "class" | "id" | "name" | "role" | "rel" | "target" | "title" | "summary" | "scope" | "datetime" | "face"
    ) || key.starts_with("data-")
        || key.starts_with("aria-")
        || key.starts_with("xml")
}

/// What becomes of an attribute.
pub(super) enum Kept {
    Plain(&'static str, String),
    Style(String),
    Link(String),
    BadLink,
    Picture,
    Nothing,
}

impl Kept {
    pub(super) fn of(element: &str, key: &str, value: &str) -> Self {
        let value = value.trim();
        let number = |key, least: u32, most: u32| match value.parse::<u32>() {
            Ok(n) if (least..=most).contains(&n) => Self::Plain(key, n.to_string()),
            _ => Self::Nothing,
        };
        let word = |key, words: &[&str]| {
            let value = value.to_ascii_lowercase();
            if words.contains(&value.as_str()) { Self::Plain(key, value) } else { Self::Nothing }
        };
        let is_cell = matches!(element, "td" | "th");
        match key {
            "style" => Self::Style(value.to_owned()),
            "href" if element == "a" => link_target(value).map_or(Self::BadLink, Self::Link),
            "background" | "src" | "srcset" | "poster" | "longdesc" | "lowsrc" | "dynsrc" => Self::Picture,
            "dir" => word("dir", &["ltr", "rtl", "auto"]),
            "lang"
                if (1..=35).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') =>
            {
                Self::Plain("lang", value.to_owned())
            }
            "align" => word("align", &["left", "right", "center", "justify"]),
            "valign" => word("valign", &["top", "middle", "bottom", "baseline"]),
            "colspan" if is_cell => number("colspan", 1, 100),
            "rowspan" if is_cell => number("rowspan", 1, 100),
            "span" if matches!(element, "col" | "colgroup") => number("span", 1, 100),
            "border" if element == "table" => number("border", 0, 20),
            "cellpadding" if element == "table" => number("cellpadding", 0, 50),
            "cellspacing" if element == "table" => number("cellspacing", 0, 50),
            "width" if is_cell || matches!(element, "table" | "col" | "hr") => {
                Self::Style(format!("width:{value}{}", if value.ends_with('%') { "" } else { "px" }))
            }
            "height" if is_cell || matches!(element, "table" | "tr") => Self::Style(format!("height:{value}px")),
            "start" if element == "ol" => number("start", 0, 1_000_000),
            "type" if element == "ol" => match value {
                "1" | "a" | "A" | "i" | "I" => Self::Plain("type", value.to_owned()),
                _ => Self::Nothing,
            },
            "bgcolor" => Self::Style(format!("background-color:{value}")),
            "color" if element == "span" => Self::Style(format!("color:{value}")),
            "text" if element == "div" => Self::Style(format!("color:{value}")),
            _ => Self::Nothing,
        }
    }
}

/// Where a link may lead.
fn link_target(value: &str) -> Option<String> {
    let value: String = value.chars().filter(|c| !matches!(c, '\t' | '\n' | '\r')).collect();
    let (scheme, rest) = value.split_once(':')?;
    let scheme = scheme.to_ascii_lowercase();
    let is_allowed = match scheme.as_str() {
        "http" | "https" => rest.starts_with("//") && rest.len() > 2,
        "mailto" | "tel" => !rest.is_empty(),
        _ => false,
    };
    (is_allowed && !rest.contains(|c: char| c.is_control() || is_unseen(c) || c == ' ' || c == '\\'))
        .then(|| format!("{scheme}:{rest}"))
}
