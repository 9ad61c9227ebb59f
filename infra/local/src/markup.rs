//! Text within the pages under `/local`.

use std::fmt::Write as _;

/// Text as it stands between tags or in a quoted attribute.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Text whose addresses of pages can be followed.
pub(crate) fn linked(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for piece in text.split_inclusive(char::is_whitespace) {
        let word = piece.trim_end();
        let is_address = word.starts_with("http://") || word.starts_with("https://");
        let shown = escape(word);
        // Writing to a String cannot fail.
        let _ = if is_address { write!(html, "<a href=\"{shown}\">{shown}</a>") } else { write!(html, "{shown}") };
        html.push_str(&piece[word.len()..]);
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_become_links_and_nothing_becomes_markup() {
        let text = "See https://a.test/?x=1&y=\"2\" <b>\nnow";
        let link = "https://a.test/?x=1&amp;y=&quot;2&quot;";
        assert_eq!(linked(text), format!("See <a href=\"{link}\">{link}</a> &lt;b&gt;\nnow"));
    }
}
