//! When the rules inside `@media` and its like hold.

use super::length::length_px;

/// No screen that shows mail is narrower.
const NARROW_PX: f32 = 320.0;
/// Few are wider.
const WIDE_PX: f32 = 2_000.0;

/// Whether the rules inside hold on every screen, a phone's as well as a desktop's. What holds on some only (widths,
/// colour schemes) makes no claim.
pub(super) fn holds_on_screens(at_rule: &str) -> bool {
    let end = at_rule.find(|c: char| c.is_whitespace() || c == '(').unwrap_or(at_rule.len());
    let (name, condition) = at_rule.split_at(end);
    let condition = condition.trim();
    match name {
        "@media" => condition.split(',').any(|query| media_holds(query.trim())),
        // What asks for a maker's own property asks for its programs.
        "@supports" => !condition.contains("not") && !condition.contains("-webkit-") && !condition.contains("-moz-"),
        "@layer" => true,
        _ => false,
    }
}

fn media_holds(query: &str) -> bool {
    let query = query.strip_prefix("only ").unwrap_or(query);
    // A list of terms and no more: `not`, `or` and brackets within brackets are left open.
    query.split(" and ").map(str::trim).all(|term| {
        matches!(term, "" | "all" | "screen")
            || term.strip_prefix('(').and_then(|t| t.strip_suffix(')')).is_some_and(feature_holds)
    })
}

fn feature_holds(feature: &str) -> bool {
    let feature = feature.trim();
    if let Some((name, value)) = feature.split_once(':') {
        let Some(px) = length_px(value) else { return false };
        return match name.trim() {
            "min-width" | "min-device-width" | "min-height" | "min-device-height" => px <= NARROW_PX,
            "max-width" | "max-device-width" | "max-height" | "max-device-height" => px >= WIDE_PX,
            "-webkit-min-device-pixel-ratio" | "min-resolution" => px <= 0.0,
            _ => false,
        };
    }
    if let Some((name, value)) = feature.split_once('>') {
        let is_small = length_px(value.trim_start_matches('=')).is_some_and(|px| px <= NARROW_PX);
        return matches!(name.trim(), "width" | "height") && is_small;
    }
    matches!(feature, "color" | "width" | "height")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_everywhere() {
        for rule in [
            "@media all",
            "@media screen",
            "@media only screen",
            "@media print, screen",
            "@media (min-width:1px)",
            "@media screen and (min-width: 0)",
            "@media (width >= 1px)",
            "@media (max-width:9999px)",
            "@supports (display:block)",
            "@layer base",
        ] {
            assert!(holds_on_screens(rule), "{rule}");
        }
        for rule in [
            "@media print",
            "@media not screen",
            "@media (max-width:600px)",
            "@media only screen and (max-device-width: 480px)",
            "@media screen and (min-width:600px)",
            "@media (prefers-color-scheme:dark)",
            "@media (width <= 600px)",
            "@supports (-webkit-overflow-scrolling:touch) and (color:#ffff)",
            "@supports not (display:grid)",
            "@font-face",
            "@keyframes x",
        ] {
            assert!(!holds_on_screens(rule), "{rule}");
        }
    }
}
