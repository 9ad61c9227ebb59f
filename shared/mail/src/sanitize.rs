//! HTML of strangers made fit for a page of ours.
//!
//! Nothing in it can run, load, submit, frame or cover anything; what it hides from a reader it hides no more. Pages show
//! it under their own content security policy all the same.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use ammonia::{Builder, UrlRelative};

use crate::html::TEXT_ELEMENTS;

/// Whether pictures are fetched from where the mail says. To fetch them tells the sender that the mail was opened, when
/// and from where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RemoteImages {
    /// Left out; their place shows their text.
    #[default]
    Blocked,
    /// Fetched, without a referrer.
    Allowed,
}

/// HTML that [`sanitize_html`] made; there is no other way to one.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct SafeHtml(String);

actionlayer_domain::debug_without_content!(SafeHtml);

impl SafeHtml {
    /// The markup: a fragment, for the content of an element such as `div`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The markup.
    pub fn into_string(self) -> String {
        self.0
    }
}

/// The largest HTML that is shown, in bytes; of a larger one, what stands before.
const MAX_BYTES: usize = 1024 * 1024;
/// Elements within elements; a tree deeper than this is shown as text. Building it costs its depth at every step.
const MAX_DEPTH: usize = 256;

/// Character references in a page that is built; one with more is shown as text. Each costs the builder the text before it.
const MAX_REFERENCES: usize = 20_000;

/// Properties that cannot hide, move, cover or fetch. Sizes and colours are not among them: they hide text.
const STYLES: [&str; 18] = [
    "border",
    "border-bottom",
    "border-collapse",
    "border-left",
    "border-right",
    "border-top",
    "direction",
    "font-family",
    "font-style",
    "font-weight",
    "list-style-type",
    "text-align",
    "text-decoration",
    "vertical-align",
    "white-space",
    "word-break",
    "word-wrap",
    "overflow-wrap",
];

static BLOCKED: LazyLock<Builder<'static>> = LazyLock::new(|| builder(RemoteImages::Blocked));
static ALLOWED: LazyLock<Builder<'static>> = LazyLock::new(|| builder(RemoteImages::Allowed));

/// `html` as a page of ours may show it.
pub fn sanitize_html(html: &str, images: RemoteImages) -> SafeHtml {
    let html = html.get(..floor_boundary(html, MAX_BYTES)).unwrap_or_default();
    if is_too_costly(html) {
        return SafeHtml(crate::html::text_to_html(&crate::html::html_to_text(html)));
    }
    let builder = match images {
        RemoteImages::Blocked => &*BLOCKED,
        RemoteImages::Allowed => &*ALLOWED,
    };
    SafeHtml(builder.clean(html).to_string())
}

fn floor_boundary(text: &str, limit: usize) -> usize {
    let mut end = text.len().min(limit);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    end
}

/// Whether building the tree of `html` would cost more than its length.
pub(crate) fn is_too_costly(html: &str) -> bool {
    depth_over(html, MAX_DEPTH) || memchr::memchr_iter(b'&', html.as_bytes()).count() > MAX_REFERENCES
}

/// Whether more elements may be open at once than `limit`, by the plainest count: an end tag ends one of its own name.
fn depth_over(html: &str, limit: usize) -> bool {
    let mut open: HashMap<String, usize> = HashMap::new();
    let mut depth = 0;
    for token in crate::html::Tokenizer::new(html) {
        let crate::html::Token::Tag(tag) = token else { continue };
        // Paragraphs, items and cells end each other.
        let name = tag.name.as_ref();
        if tag.is_void() || matches!(name, "p" | "li" | "td" | "th" | "tr" | "dt" | "dd" | "option") {
            continue;
        }
        if tag.is_end {
            if let Some(count) = open.get_mut(name).filter(|count| **count > 0) {
                *count -= 1;
                depth -= 1;
            }
            continue;
        }
        depth += 1;
        if depth > limit {
            return true;
        }
        match open.get_mut(name) {
            Some(count) => *count += 1,
            None => {
                open.insert(name.to_owned(), 1);
            }
        }
    }
    false
}

fn builder(images: RemoteImages) -> Builder<'static> {
    let tags: HashSet<&str> = TEXT_ELEMENTS.into_iter().chain(["bdi", "font", "img", "time"]).collect();
    let attributes: HashMap<&str, HashSet<&str>> = [
        ("a", ["href"].into()),
        ("img", ["src", "alt", "width", "height"].into()),
        ("ol", ["start", "type"].into()),
        ("td", ["colspan", "rowspan", "align", "valign"].into()),
        ("th", ["colspan", "rowspan", "align", "valign"].into()),
        ("table", ["border", "cellpadding", "cellspacing", "align"].into()),
    ]
    .into();
    let mut builder = Builder::empty();
    builder
        .tags(tags)
        .clean_content_tags(
            ["script", "style", "title", "template", "noscript", "iframe", "object", "textarea", "svg", "math"].into(),
        )
        .tag_attributes(attributes)
        .generic_attributes(["dir", "lang", "style", "title"].into())
        .url_schemes(["http", "https", "mailto", "tel", "cid"].into())
        .url_relative(UrlRelative::Deny)
        .filter_style_properties(STYLES.into())
        .link_rel(Some("noopener noreferrer nofollow"))
        .set_tag_attribute_value("a", "target", "_blank")
        .set_tag_attribute_value("img", "referrerpolicy", "no-referrer")
        .set_tag_attribute_value("img", "loading", "lazy")
        .strip_comments(true);
    builder.attribute_filter(move |element, attribute, value| filter(element, attribute, value, images));
    builder
}

fn filter<'v>(element: &str, attribute: &str, value: &'v str, images: RemoteImages) -> Option<Cow<'v, str>> {
    match (element, attribute) {
        ("img", "src") => {
            let remote = !value.trim_start().get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case("cid:"));
            (!remote || images == RemoteImages::Allowed).then_some(Cow::Borrowed(value))
        }
        // No picture is a point, and none covers the page.
        ("img", "width" | "height") => {
            value.trim().parse::<u32>().ok().map(|size| Cow::Owned(size.clamp(1, 2_000).to_string()))
        }
        // Nothing in a style fetches or computes.
        (_, "style") => {
            let lower = value.to_ascii_lowercase();
            (!["url(", "expression", "\\", "/*", "@import", "var("].iter().any(|bad| lower.contains(bad)))
                .then_some(Cow::Borrowed(value))
        }
        _ => Some(Cow::Borrowed(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocked(html: &str) -> String {
        sanitize_html(html, RemoteImages::Blocked).into_string()
    }

    #[test]
    fn what_people_write_stays() {
        for html in [
            "<p>Hello <b>you</b></p>",
            "<ul><li>one</li><li>two</li></ul>",
            "<table><tbody><tr><td colspan=\"2\">x</td></tr></tbody></table>",
            "<blockquote>was</blockquote>",
            "<p style=\"text-align:center\">x</p>",
            "a &lt; b &amp; c",
        ] {
            assert_eq!(blocked(html), html);
        }
    }

    #[test]
    fn nothing_runs_or_loads() {
        for html in [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "<a href='javascript:alert(1)'>x</a>",
            "<a href='jav&#x09;ascript:alert(1)'>x</a>",
            "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
            "<a href=' vbscript:x'>x</a>",
            "<iframe src='https://evil.example'></iframe>",
            "<form action='https://evil.example'><input name=x><button>go</button></form>",
            "<meta http-equiv=refresh content='0;url=https://evil.example'>",
            "<link rel=stylesheet href='https://evil.example'>",
            "<base href='https://evil.example'>",
            "<style>@import 'https://evil.example'</style>",
            "<p style='background:url(https://evil.example)'>x</p>",
            "<p style='list-style-type:url(https://evil.example)'>x</p>",
            "<td background='https://evil.example'>x</td>",
            "<svg><a xlink:href='javascript:alert(1)'>x</a></svg>",
            "<math><mi xlink:href='javascript:alert(1)'>x</mi></math>",
            "<object data='https://evil.example'></object><embed src='https://evil.example'>",
            "<video src='https://evil.example' poster='https://evil.example'></video>",
            "<img srcset='https://evil.example 2x'>",
            "<img src='https://evil.example/pixel.gif' alt='logo'>",
            "<img src='//evil.example/x'>",
            "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
            "<!--<img src=x onerror=alert(1)>-->",
            "<p id=approve class=button name=x>x</p>",
        ] {
            let safe = blocked(html).to_ascii_lowercase();
            for bad in [
                "alert",
                "evil.example",
                "javascript",
                "vbscript",
                "data:",
                "<form",
                "<input",
                "<script",
                "<iframe",
                "onerror",
                "id=",
                "class=",
            ] {
                assert!(!safe.contains(bad), "{html} became {safe}");
            }
        }
    }

    #[test]
    fn nothing_is_hidden_or_put_over_the_page() {
        for style in [
            "display:none",
            "visibility:hidden",
            "font-size:0",
            "opacity:0",
            "color:#fff",
            "background:#fff",
            "position:fixed;top:0;left:0;width:100%;height:100%",
            "max-height:0;overflow:hidden",
            "text-indent:-9999px",
            "margin-left:-9999px",
            "transform:scale(0)",
            "z-index:9",
            "float:left",
        ] {
            assert_eq!(
                blocked(&format!("<div style=\"{style}\">x</div>")).replace(" style=\"\"", ""),
                "<div>x</div>",
                "{style}"
            );
        }
        assert_eq!(blocked("<div hidden>x</div>"), "<div>x</div>");
    }

    #[test]
    fn links_and_pictures() {
        let link = blocked("<a href='https://x.example/a' target=_self rel=opener>x</a>");
        assert!(link.contains("rel=\"noopener noreferrer nofollow\"") && link.contains("target=\"_blank\""), "{link}");
        let html = "<img src='https://x.example/a.png' alt=Logo width=1 height=99999><img src='cid:a@b'>";
        let shown = sanitize_html(html, RemoteImages::Allowed).into_string();
        assert!(shown.contains("src=\"https://x.example/a.png\"") && shown.contains("no-referrer"), "{shown}");
        let hidden = blocked(html);
        assert!(
            !hidden.contains("x.example") && hidden.contains("alt=\"Logo\"") && hidden.contains("cid:a@b"),
            "{hidden}"
        );
        // Attributes come in any order.
        assert_eq!(blocked(&hidden).len(), hidden.len(), "safe stays as it is");
    }

    #[test]
    fn depth_and_size_are_bounded() {
        assert!(blocked(&("<div>".repeat(100_000) + "x")).contains('x'));
        assert!(blocked(&"é".repeat(MAX_BYTES)).len() <= MAX_BYTES);
        for tricky in ["<b><i>", "<b></i>a", "<b x=1><p></p>", "<li><b><li>", "<p><b>a</p>", "<table><b>x", "&amp"] {
            assert!(blocked(&tricky.repeat(20_000)).len() < 5_000_000, "{tricky}");
        }
    }
}
