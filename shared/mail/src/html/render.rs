//! HTML to plain text that keeps what a reader sees: paragraphs, lists, links, quotes.

use super::{Tag, Token, Tokenizer, is_hidden};

/// Quote marks and list indents shown at most; deeper nesting is flattened.
const MAX_NESTING: usize = 8;

/// What a reader sees of `html`, as text: paragraphs and line breaks kept, `- ` and `1. ` before list items, `> ` before
/// quotes, the target of a link after its text. Hidden elements, scripts and styles are left out.
pub fn html_to_text(html: &str) -> String {
    let mut page = Page::default();
    for token in Tokenizer::new(html) {
        match token {
            Token::Text(text) => page.text(&text),
            Token::Tag(tag) => page.tag(&tag),
        }
    }
    page.finish()
}

#[derive(Default)]
struct Page {
    out: String,
    /// Line breaks due before the next text: 0, 1 or 2.
    breaks: usize,
    /// A blank is due before the next text of this line.
    space: bool,
    quote_depth: usize,
    /// The quote depth of the text written last.
    last_depth: usize,
    lists: Vec<Option<usize>>,
    /// List markers due before the next text.
    marker: Option<String>,
    preformatted: usize,
    /// Inside a hidden element: its name, and how many of that name are open.
    hidden: Option<(String, usize)>,
    /// The target of the open link and where its text starts in `out`.
    link: Option<(String, usize)>,
}

impl Page {
    fn text(&mut self, text: &str) {
        if self.hidden.is_some() {
            return;
        }
        if self.preformatted > 0 {
            for (i, line) in text.split('\n').enumerate() {
                if i > 0 {
                    self.line_break();
                }
                if !line.is_empty() {
                    self.push(line.trim_end_matches('\r'));
                }
            }
            return;
        }
        if text.starts_with(is_blank) {
            self.space = true;
        }
        for word in text.split(is_blank).filter(|word| !word.is_empty()) {
            self.push(word);
            self.space = true;
        }
        self.space = text.ends_with(is_blank) || (text.is_empty() && self.space);
    }

    /// Writes visible text after whatever is due before it.
    fn push(&mut self, text: &str) {
        let prefix = quote_prefix(self.quote_depth);
        let at_start = self.out.is_empty();
        if !at_start && self.breaks > 0 {
            self.out.push('\n');
            if self.breaks > 1 {
                // Between a quote and what is not, the line belongs to neither.
                let depth = self.last_depth.min(self.quote_depth);
                self.out.push_str(quote_prefix(depth).trim_end());
                self.out.push('\n');
            }
        }
        if at_start || self.breaks > 0 {
            self.out.push_str(&prefix);
            if let Some(marker) = self.marker.take() {
                let indent = self.lists.len().clamp(1, MAX_NESTING) - 1;
                self.out.push_str(&"  ".repeat(indent));
                self.out.push_str(&marker);
            }
        } else if self.space && !self.out.ends_with([' ', '\n']) {
            self.out.push(' ');
        }
        self.breaks = 0;
        self.space = false;
        self.last_depth = self.quote_depth;
        // A blank that must not break is still a blank to a reader of text.
        self.out.extend(text.chars().map(|c| if c == '\u{a0}' { ' ' } else { c }));
    }

    fn line_break(&mut self) {
        self.breaks = (self.breaks + 1).min(2);
        self.space = false;
    }

    fn block(&mut self, breaks: usize) {
        self.breaks = self.breaks.max(breaks);
        self.space = false;
    }

    fn tag(&mut self, tag: &Tag) {
        if self.skip_hidden(tag) {
            return;
        }
        match (tag.name.as_str(), tag.is_end) {
            ("br", _) => self.line_break(),
            ("p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6", _) => self.block(2),
            (
                "div" | "tr" | "section" | "article" | "header" | "footer" | "dt" | "dd" | "address" | "table"
                | "center",
                _,
            ) => {
                self.block(1);
            }
            ("td" | "th", _) => self.space = true,
            ("hr", _) => {
                self.block(1);
                self.push("---");
                self.block(1);
            }
            ("pre", end) => {
                self.block(2);
                self.preformatted = if end { self.preformatted.saturating_sub(1) } else { self.preformatted + 1 };
            }
            ("blockquote", end) => {
                self.block(if self.quote_depth == 0 { 2 } else { 1 });
                self.quote_depth = if end { self.quote_depth.saturating_sub(1) } else { self.quote_depth + 1 };
            }
            ("ul" | "ol" | "menu", end) => self.list(tag, end),
            ("li", false) => self.item(),
            ("li", true) => self.block(1),
            ("a", false) => self.link_start(tag),
            ("a", true) => self.link_end(),
            ("img", _) => {
                if let Some(alt) = tag.attribute("alt").map(str::trim).filter(|alt| !alt.is_empty()) {
                    self.text(&format!(" {alt} "));
                }
            }
            _ => {}
        }
    }

    /// Keeps track of the hidden element that is open, if any; says whether `tag` is part of one.
    fn skip_hidden(&mut self, tag: &Tag) -> bool {
        match &mut self.hidden {
            Some((name, open)) => {
                if *name == tag.name && !tag.is_void() {
                    *open = if tag.is_end { open.saturating_sub(1) } else { *open + 1 };
                    if *open == 0 {
                        self.hidden = None;
                    }
                }
                true
            }
            None if !tag.is_end && !tag.is_void() && tag.name != "body" && is_hidden(tag) => {
                self.hidden = Some((tag.name.clone(), 1));
                true
            }
            None => false,
        }
    }

    fn list(&mut self, tag: &Tag, end: bool) {
        if end {
            self.lists.pop();
        } else if self.lists.len() < 1_000 {
            self.lists.push((tag.name == "ol").then_some(0));
        }
        self.block(if self.lists.len() <= usize::from(!end) { 2 } else { 1 });
    }

    fn item(&mut self) {
        self.block(1);
        self.marker = Some(match self.lists.last_mut() {
            Some(Some(number)) => {
                *number += 1;
                format!("{number}. ")
            }
            _ => "- ".to_owned(),
        });
    }

    fn link_start(&mut self, tag: &Tag) {
        self.link_end();
        let target = tag.attribute("href").map(str::trim).unwrap_or_default();
        if ["http://", "https://", "mailto:", "tel:"]
            .iter()
            .any(|scheme| target.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))
        {
            self.link = Some((target.to_owned(), self.out.len()));
        }
    }

    fn link_end(&mut self) {
        let Some((target, start)) = self.link.take() else { return };
        let text = self.out.get(start..).unwrap_or_default().trim();
        let bare = target.strip_prefix("mailto:").or_else(|| target.strip_prefix("tel:")).unwrap_or(&target);
        let same = |text: &str| text.trim_end_matches('/').eq_ignore_ascii_case(bare.trim_end_matches('/'));
        if text.is_empty()
            || same(text)
            || bare.split_once("://").is_some_and(|(_, rest)| rest.trim_end_matches('/') == text)
        {
            return;
        }
        self.space = true;
        self.push(&format!("<{}>", bare.replace(char::is_whitespace, "")));
    }

    fn finish(mut self) -> String {
        self.link_end();
        let lines: Vec<&str> = self.out.lines().map(str::trim_end).collect();
        lines.join("\n").trim_matches('\n').to_owned()
    }
}

fn quote_prefix(depth: usize) -> String {
    "> ".repeat(depth.min(MAX_NESTING))
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{c}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_reader_sees() {
        for (html, text) in [
            ("<p>Hello <b>you</b>!</p><p>Second\n  line</p>", "Hello you!\n\nSecond line"),
            ("a<br>b<br><br>c", "a\nb\n\nc"),
            ("<div>a</div><div>b</div>", "a\nb"),
            ("x<ul><li>one<li>two</ul>y", "x\n\n- one\n- two\n\ny"),
            ("<ol><li>one</li><li>two<ul><li>sub</li></ul></li></ol>", "1. one\n2. two\n  - sub"),
            ("see <a href=\"https://x.example/a\">this page</a>.", "see this page <https://x.example/a>."),
            ("<a href='https://x.example'>https://x.example/</a>", "https://x.example/"),
            ("<a href='mailto:a@b.c'>a@b.c</a>", "a@b.c"),
            ("<a href='javascript:alert(1)'>x</a>", "x"),
            ("<a href='https://x.example'><img alt=Logo></a>", "Logo <https://x.example>"),
            ("yes<blockquote>was<blockquote>older</blockquote></blockquote>", "yes\n\n> was\n> > older"),
            ("<pre>a\n  b</pre>c", "a\n  b\n\nc"),
            ("<style>p{}</style><script>x</script><title>t</title>seen", "seen"),
            ("<div style=\"display:none\">no<div>no</div>no</div>yes", "yes"),
            ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
            ("a&nbsp;b &lt;c&gt; &euro;", "a b <c> €"),
            ("Gr&uuml;&szlig;e", "Grüße"),
            ("", ""),
        ] {
            assert_eq!(html_to_text(html), text, "{html:?}");
        }
    }

    #[test]
    fn depth_and_size_cost_time_only() {
        let deep = "<div>".repeat(200_000) + "x" + &"</div>".repeat(200_000);
        assert_eq!(html_to_text(&deep), "x");
        let quotes = "<blockquote>".repeat(100_000) + "x";
        assert!(html_to_text(&quotes).len() < 100);
        let lists = "<ul>".repeat(100_000) + "<li>x";
        assert!(html_to_text(&lists).len() < 100);
        assert_eq!(html_to_text(&"<".repeat(300_000)).len(), 300_000);
        assert_eq!(html_to_text(&"<a href='https://x/'>".repeat(100_000)), "");
    }
}
