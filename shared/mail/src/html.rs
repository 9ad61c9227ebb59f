//! HTML as mail carries it: read as text, made from text. Linear in the input; nothing here nests on the call stack.

use std::collections::HashSet;

use crate::parameters::percent_decode;

mod elements;
mod entities;
mod region;
mod render;
mod tokenizer;

pub(crate) use elements::TEXT_ELEMENTS;
pub(crate) use region::Region;
pub(crate) use render::Rendered;
pub use render::html_to_text;
pub(crate) use tokenizer::{Tag, Token, Tokenizer};

/// `text` as HTML: escaped, line breaks kept, runs of blanks kept.
pub fn text_to_html(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + text.len() / 8 + 16);
    html.push_str("<div>");
    let mut after_blank = true;
    for c in text.trim_end().chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\n' => html.push_str("<br>\n"),
            ' ' if after_blank => html.push_str("&nbsp;"),
            '\r' => {}
            c => html.push(c),
        }
        after_blank = matches!(c, ' ' | '\n');
    }
    html.push_str("</div>");
    html
}

/// The ids of the parts that a page shows (`src="cid:…"`, RFC 2392), lower case.
pub(crate) fn shown_ids(page: &str) -> HashSet<String> {
    let mut ids = HashSet::new();
    let mut rest = page;
    while let Some(at) = memchr::memchr(b':', rest.as_bytes()) {
        let (before, after) = rest.split_at(at);
        rest = after.get(1..).unwrap_or_default();
        let scheme = before.get(before.len().saturating_sub(3)..).unwrap_or_default();
        if !scheme.eq_ignore_ascii_case("cid") {
            continue;
        }
        let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | ')'));
        let (url, after) = rest.split_at(end.unwrap_or(rest.len()));
        rest = after;
        // A quote within an attribute is written `&quot;`.
        let url = url.split("&quot;").next().unwrap_or_default().replace("&amp;", "&");
        let mut id = Vec::with_capacity(url.len());
        percent_decode(&url, &mut id);
        ids.insert(String::from_utf8_lossy(&id).to_ascii_lowercase());
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shown_parts_are_found() {
        let page = "<p>acid: 5</p><img src='cid:a@1'><IMG SRC=CID:B%402><div style=\"background:url(&quot;cid:c&amp;c@3&quot;)\">\
                    <td style='background:url(cid:d@4)'> cid:";
        let mut found: Vec<_> = shown_ids(page).into_iter().filter(|id| !id.is_empty()).collect();
        found.sort();
        assert_eq!(found, ["a@1", "b@2", "c&c@3", "d@4"]);
    }

    #[test]
    fn text_survives_both_ways() {
        for text in ["", "a", "a < b & c > \"d\"", "one\ntwo\n\nfour", "  indented\n   more"] {
            assert_eq!(html_to_text(&text_to_html(text)).trim(), text.trim(), "{text:?}");
        }
    }
}
