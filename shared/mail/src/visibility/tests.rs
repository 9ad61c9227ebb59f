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
        "font-size:2px",
        "font-size:calc(0px)",
        "font-size:calc(1px * 0)",
        "font-size:calc(4px - 3px)",
        "scale:0",
        "zoom:0",
        "letter-spacing:-1em",
        "filter:blur(50px)",
        "transform:rotateY(90deg)",
        "position:relative;right:9999px",
        "text-indent:100%;overflow:hidden;white-space:nowrap",
        "line-height:0;overflow:hidden",
        "color:white;background:linear-gradient(#fff,#fff)",
        "color:white;background-image:linear-gradient(to right, white 0%, #fefefe)",
        "color:oklch(1 0 0)",
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
        "line-height:0;overflow:hidden;line-height:1.5",
        "overflow:hidden;line-height:20px",
        "overflow:hidden;line-height:1",
        "overflow:hidden;line-height:normal",
        "font-size:3px",
        "font-size:calc(100% - 2px)",
        "overflow:hidden;width:calc(100% - 100px)",
        "font-size:calc(10px + 1vw)",
        "scale:1",
        "zoom:1",
        "zoom:100%",
        "letter-spacing:-0.5px",
        "text-indent:100%",
        "right:0;bottom:20px",
        "transform:rotate(90deg)",
        "color:#fff;background:linear-gradient(#fff,#036)",
        "color:#fff;background:linear-gradient(rgba(0,0,0,.5),#fff)",
        "color:oklch(0.5 0.2 30)",
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
        ("<td style='line-height:0;overflow:hidden'>x<div style='line-height:20px'>y</div></td>", "[x] y"),
        ("<dialog>x</dialog><dialog open>y</dialog><datalist><option>z</datalist>a", "[x] y [z] a"),
        ("<details><summary>x</summary>y</details>", "x y"),
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
        ("<style>td .btn{background:#036}</style><a class=btn style='color:#fff'>b</a>", "[b]"),
        ("<style>td .btn{background:#036}</style><td><a class=btn style='color:#fff'>b</a>", "b"),
        ("<style>td:hover .btn{background:#036}</style><a class=btn style='color:#fff'>b</a>", "b"),
        ("<style>.broken{display:none", ""),
    ] {
        assert_eq!(seen(html), expected, "{html}");
    }
}

#[test]
fn what_stands_around_an_element() {
    for (html, expected) in [
        ("<style>td p{display:none}</style><p>a</p><table><td>b<div><p>c</p></div>", "a b [c]"),
        ("<style>div>p{display:none}</style><div><p>a</p><b><p>b</p></b></div>", "[a] b"),
        (
            "<style>.x .h, #k > .h{display:none}</style><p class=h>a<div class=X><p class=h>b</div><div id=k><p class=h>c",
            "a [b] [c]",
        ),
        (
            "<style>.a .b > .c{display:none}</style><div class=a><div class=b><i class=c>x</i><u><i class=c>y</i></u>",
            "[x] y",
        ),
        (
            "<style>[data-x]{display:none}p[title^='se']{display:none}</style><p data-x=1>a<p title=Secret>b<p title=x>c",
            "[a] [b] c",
        ),
        ("<style>body > div{display:none}</style><div>a</div>b", "[a] b"),
        ("<style>body{background:#222}.h{color:#222}p{color:#eee}</style><p>a<p class=h>b", "a [b]"),
        // What its selector says more of counts for more.
        ("<style>.x{display:none}p{display:block}</style><p class=x>a", "[a]"),
        ("<style>td .x{display:block}.x{display:none}</style><td><p class=x>a", "a"),
        ("<style>#k{color:#000}.w p{color:#fff}</style><div class=w><p id=k>a<p>b", "a [b]"),
        // Neighbours and states are not followed.
        ("<style>p + p, p:first-child, p:not(.x){display:none}</style><p>a<p>b", "a b"),
        ("<style>[data-ogsc] .x{display:none}.y .x{display:none}</style><p class=x>a", "a"),
    ] {
        assert_eq!(seen(html), expected, "{html}");
    }
}

#[test]
fn rules_that_hold_on_some_screens_only() {
    for (at_rule, expected) in [
        ("@media screen and (min-width:1px)", "[a] b"),
        ("@supports (display:block)", "[a] b"),
        ("@media all{@media only screen", "[a] b"),
        ("@media (max-width:600px)", "a b"),
        ("@media screen and (min-width:601px)", "a b"),
        ("@media (max-width:600px){@media screen", "a b"),
    ] {
        let closed = "}".repeat(at_rule.matches('{').count() + 1);
        let html =
            format!("<style>{at_rule}{{.h{{display:none}}{closed}.k{{color:red}}</style><p class=h>a<p class=k>b");
        assert_eq!(seen(&html), expected, "{at_rule}");
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

#[test]
fn what_a_rule_too_many_painted_is_unknown() {
    let rules = (0..30).map(|n| format!(".w{n} .b{{top:0}}")).collect::<Vec<_>>().concat();
    for (paints, expected) in [("background:#036", "x"), ("top:1px", "[x]")] {
        let html = format!("<style>.b{{{paints}}}{rules}</style><p class=b style='color:#fff'>x");
        assert_eq!(seen(&html), expected, "{paints}");
    }
}
