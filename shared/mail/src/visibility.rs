//! Which text of an HTML document a reader sees, from what its elements and style sheets compute to.
//!
//! Elements are followed on a bounded stack. What is inherited is inherited as browsers do it: a text of size zero can
//! hold a readable one (mail templates do that everywhere), a text without display cannot. Colours are compared with
//! the background that shows through.

use std::borrow::Cow;

mod colour;
mod declarations;
mod sheet;

use self::{
    colour::{Background, Colour},
    declarations::Declarations,
    sheet::StyleSheet,
};
use crate::html::Tag;

/// Elements followed; deeper ones are taken as the last that is followed.
const MAX_OPEN: usize = 512;

/// Text below this size (in CSS pixels) cannot be read.
const READABLE_PX: f32 = 2.0;

#[derive(Debug, Clone, Copy)]
struct Computed {
    /// Nothing inside can be seen, whatever it says.
    removed: bool,
    invisible: bool,
    unreadably_small: bool,
    /// `None` when it cannot be known.
    colour: Option<Colour>,
    background: Background,
}

impl Computed {
    fn is_visible(&self) -> bool {
        let alike = match (self.colour, self.background) {
            (Some(colour), _) if colour.is_transparent() => true,
            (Some(colour), Background::Colour(background)) => colour.is_like(background),
            _ => false,
        };
        !(self.removed || self.invisible || self.unreadably_small || alike)
    }
}

struct Element<'a> {
    name: Cow<'a, str>,
    computed: Computed,
}

/// Follows the tags of a document and says what is seen where it stands.
pub(crate) struct Visibility<'a> {
    sheet: StyleSheet,
    open: Vec<Element<'a>>,
    /// Elements beyond [`MAX_OPEN`].
    beyond: usize,
    root: Computed,
}

impl<'a> Visibility<'a> {
    /// `html` is read for its style sheets.
    pub(crate) fn new(html: &str) -> Self {
        let root = Computed {
            removed: false,
            invisible: false,
            unreadably_small: false,
            colour: Some(Colour::BLACK),
            background: Background::Colour(Colour::WHITE),
        };
        Self { sheet: StyleSheet::of_document(html), open: Vec::new(), beyond: 0, root }
    }

    /// Whether text here is seen.
    pub(crate) fn is_visible(&self) -> bool {
        self.current().is_visible()
    }

    fn current(&self) -> &Computed {
        self.open.last().map_or(&self.root, |element| &element.computed)
    }

    /// Takes the next tag.
    pub(crate) fn tag(&mut self, tag: &Tag<'a>) {
        if tag.is_void() {
            return;
        }
        if tag.is_end {
            self.close(&tag.name);
            return;
        }
        self.close_implied(&tag.name);
        if self.open.len() >= MAX_OPEN {
            self.beyond += 1;
            return;
        }
        let mut computed = *self.current();
        if tag.has_attributes() || !self.sheet.is_empty() {
            let mut declared = Declarations::default();
            declared.read_presentational(tag);
            self.sheet.apply(tag, &mut declared);
            if let Some(style) = tag.attribute("style") {
                declared.read(style);
            }
            declared.compute(&mut computed);
        }
        if matches!(tag.name.as_ref(), "body" | "html") && self.open.is_empty() {
            // What these paint is behind everything.
            self.root.background = computed.background;
        }
        self.open.push(Element { name: tag.name.clone(), computed });
    }

    fn close(&mut self, name: &str) {
        if self.beyond > 0 {
            self.beyond -= 1;
            return;
        }
        // A cell ends what was left open in it; what is open around a table is not closed from within it.
        let barrier = |open: &str| matches!(open, "td" | "th" | "table") && !is_table_part(name);
        for (at, element) in self.open.iter().enumerate().rev() {
            if element.name == name {
                self.open.truncate(at);
                return;
            }
            if barrier(&element.name) {
                return;
            }
        }
    }

    /// Ends the elements whose end tags may be left out (HTML standard, section 13.1.2.4).
    fn close_implied(&mut self, next: &str) {
        let ends: &[&str] = match next {
            "li" => &["li"],
            "dt" | "dd" => &["dt", "dd"],
            "tr" => &["td", "th", "tr"],
            "td" | "th" => &["td", "th"],
            "tbody" | "tfoot" | "thead" => &["td", "th", "tr", "tbody", "thead", "tfoot"],
            "option" | "optgroup" => &["option"],
            name if is_block(name) => &["p"],
            _ => return,
        };
        let scope = |name: &str| matches!(name, "table" | "ul" | "ol" | "dl" | "div" | "td" | "th" | "blockquote");
        let mut found = None;
        for (at, element) in self.open.iter().enumerate().rev() {
            if ends.contains(&element.name.as_ref()) {
                found = Some(at);
            } else if scope(&element.name) {
                break;
            }
        }
        if let Some(at) = found {
            self.open.truncate(at);
        }
    }
}

fn is_table_part(name: &str) -> bool {
    matches!(name, "table" | "tbody" | "thead" | "tfoot" | "tr" | "td" | "th")
}

fn is_block(name: &str) -> bool {
    matches!(
        name,
        "address"
            | "article"
            | "aside"
            | "blockquote"
            | "center"
            | "details"
            | "div"
            | "dl"
            | "fieldset"
            | "figure"
            | "footer"
            | "form"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "header"
            | "hr"
            | "main"
            | "menu"
            | "nav"
            | "ol"
            | "p"
            | "pre"
            | "section"
            | "table"
            | "ul"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::html::{Token, Tokenizer};

    /// The words of a document, the hidden ones in brackets.
    fn seen(html: &str) -> String {
        let mut visibility = Visibility::new(html);
        let mut out = Vec::new();
        for token in Tokenizer::new(html) {
            match token {
                Token::Tag(tag) => visibility.tag(&tag),
                Token::Text(text) if text.trim().is_empty() => {}
                Token::Text(text) if visibility.is_visible() => out.push(text.trim().to_owned()),
                Token::Text(text) => out.push(format!("[{}]", text.trim())),
            }
        }
        out.join(" ")
    }

    #[test]
    fn every_common_way_to_hide() {
        for style in [
            "display:none",
            "DISPLAY : None !important",
            "display:none;display:nonsense",
            "visibility:hidden",
            "visibility:collapse",
            "font-size:0",
            "font-size:0px",
            "font-size: 1px",
            "font-size:.01em",
            "font:0/0 a",
            "font: italic bold 0px/1 serif",
            "opacity:0",
            "opacity:0.0",
            "opacity:1%",
            "filter:opacity(0)",
            "color:#fff",
            "color:white",
            "color:#FEFEFE",
            "color:rgb(255, 255, 255)",
            "color:rgba(0,0,0,0)",
            "color:hsl(0, 0%, 100%)",
            "color:transparent",
            "color:#123456;background-color:#123457",
            "color:red;background:#f00 none",
            "-webkit-text-fill-color:transparent",
            "max-height:0;overflow:hidden",
            "height:0;overflow:hidden",
            "width:0px;overflow-x:hidden;overflow:hidden",
            "max-width:1px;overflow:clip",
            "text-indent:-9999px",
            "position:absolute;left:-10000px",
            "position:absolute;top:-999em",
            "margin-left:-5000px",
            "position:absolute;clip:rect(0,0,0,0)",
            "position:absolute;clip:rect(1px 1px 1px 1px)",
            "clip-path:inset(100%)",
            "clip-path: circle(0)",
            "transform:scale(0)",
            "transform:translateX(-9999px)",
            "mso-hide:all",
            "content-visibility:hidden",
            "line-height:1; /* x */ display /* y */ : none",
            "disp\\6c ay:none",
        ] {
            assert_eq!(seen(&format!("a<div style='{style}'>b<p>c</p></div>d")), "a [b] [c] d", "{style}");
        }
        assert_eq!(seen("a<p hidden>b</p>c<div hidden=until-found>d</div>"), "a [b] c [d]");
        assert_eq!(seen("a<font color=white>b</font><font color='#FFFFFF'>c</font>"), "a [b] [c]");
        assert_eq!(seen("<body bgcolor=black text=black>a<p style='color:white'>b"), "[a] b");
    }

    #[test]
    fn what_is_seen_is_not_called_hidden() {
        for style in [
            "",
            "display:block",
            "font-size:12px",
            "font-size:9pt",
            "font:12px/0 a",
            "color:#333",
            "height:0",
            "max-height:0",
            "overflow:hidden",
            "opacity:0.9",
            "line-height:0",
            "margin-left:-10px",
            "text-indent:-2em",
            "color:#fff;background:#000",
            "color:#fff;background-image:url(x.png)",
            "color:#fff;background:url(x.png) no-repeat",
            "color:#fff;background:linear-gradient(#000,#111)",
            "color:var(--x)",
            "color:inherit",
            "clip:auto",
            "width:0",
            "visibility:visible",
            "background:transparent",
            "font-size:smaller",
        ] {
            assert_eq!(seen(&format!("a<div style='{style}'>b</div>")), "a b", "{style}");
        }
    }

    #[test]
    fn inheritance() {
        for (html, expected) in [
            // The wrapper of a template: no size of its own, but of what is in it.
            ("<td style='font-size:0'>x<div style='font-size:14px'>y</div></td>", "[x] y"),
            ("<td style='font-size:0'><div style='font-size:2em'>y</div></td>", "[y]"),
            ("<div style='visibility:hidden'>x<b style='visibility:visible'>y</b></div>", "[x] y"),
            ("<div style='display:none'>x<b style='display:block'>y</b></div>", "[x] [y]"),
            ("<div style='opacity:0'><b style='opacity:1'>y</b></div>", "[y]"),
            // Against the background of a parent, and of a table cell by its attribute.
            ("<div style='background:#222'><p style='color:#232323'>x</p><p style='color:#eee'>y", "[x] y"),
            ("<table><tr><td bgcolor='#003366'><span style='color:#fff'>x</span></td></tr></table>", "x"),
            ("<table bgcolor=#036><tr><td><span style='color:#036'>x</span></td></tr></table>y", "[x] y"),
            ("<div style='color:#fff'>x<a style='background:navy'>y</a></div>", "[x] y"),
            // Colour is inherited, background shows through.
            ("<div style='color:#fff'><div style='background:#000'><p>x</p></div>y</div>", "x [y]"),
            // Ends that are left out or wrong.
            ("<p style='display:none'>x<p>y", "[x] y"),
            ("<ul><li style='display:none'>x<li>y</ul>z", "[x] y z"),
            ("<table><tr><td hidden>x<td>y<tr><td>z</table>", "[x] y z"),
            ("<div style='display:none'>x</span>y</div>z", "[x] [y] z"),
            ("<div style='display:none'><br><img>x</div>y", "[x] y"),
            ("<div hidden><b>x</div>y", "[x] y"),
            ("<br hidden>x<img style='display:none'>y", "x y"),
        ] {
            assert_eq!(seen(html), expected, "{html}");
        }
    }

    #[test]
    fn style_sheets() {
        for (html, expected) in [
            ("<style>.x{display:none}</style><p class='a x'>b</p>c", "[b] c"),
            ("<style>p{font-size:0} #k{color:#fff}</style><p>b</p>c<div id=k>d", "[b] c [d]"),
            (
                "<STYLE type='text/css'><!-- div.x , .y { display : none !important } --></style><p class=x>b<div class=x>c</div><i class=y>d",
                "b [c] [d]",
            ),
            // Later and inline ones win; important ones win over inline.
            ("<style>.x{display:none}.x{display:block}</style><p class=x>b", "b"),
            ("<style>.x{display:none}</style><p class=x style='display:block'>b", "b"),
            ("<style>.x{display:none!important}</style><p class=x style='display:block'>b", "[b]"),
            // For small screens only, for print only: not what is read here.
            (
                "<style>@media (max-width:600px){.x{display:none}}@media print{.x{display:none}}.y{color:red}</style><p class=x>b",
                "b",
            ),
            ("<style>@media screen{.x{display:none}}</style><p class=x>b", "[b]"),
            // A rule whose place is not followed makes no claim.
            ("<style>.menu .x:hover{display:none}</style><p class=x>b", "b"),
            ("<style>.btn{background:#036}</style><a class=btn style='color:#fff'>b</a>", "b"),
            ("<style>td .btn{background:#036}</style><a class=btn style='color:#fff'>b</a>", "b"),
            ("<style>.broken{display:none", ""),
        ] {
            assert_eq!(seen(html), expected, "{html}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let deep = "<div style='color:red'>".repeat(100_000) + "x" + &"</div>".repeat(100_000) + "y";
        assert_eq!(seen(&deep), "x y");
        let classes =
            format!("<style>{}</style>{}x", ".a{color:red}".repeat(20_000), "<p class='a a a a a a'>".repeat(20_000));
        assert_eq!(seen(&classes), "x");
    }
}
