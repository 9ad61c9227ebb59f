//! HTML as mail carries it: read as text, made from text. Linear in the input; nothing here nests on the call stack.

mod entities;
mod region;
mod render;
mod tokenizer;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_survives_both_ways() {
        for text in ["", "a", "a < b & c > \"d\"", "one\ntwo\n\nfour", "  indented\n   more"] {
            assert_eq!(html_to_text(&text_to_html(text)).trim(), text.trim(), "{text:?}");
        }
    }
}
