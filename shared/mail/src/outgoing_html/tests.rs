use proptest::prelude::*;

use super::*;
use crate::html::Rendered;

fn refused(html: &str) -> Vec<FindingKind> {
    let mut kinds: Vec<_> = outgoing_html(html, Pictures::Refused).refused.into_iter().map(|f| f.kind).collect();
    kinds.dedup();
    kinds
}

fn left(html: &str) -> String {
    outgoing_html(html, Pictures::Refused).html
}

#[test]
fn what_people_write_stays() {
    for html in [
        "<p>Hello <b>you</b></p>",
        "<ul><li>one</li><li>two</li></ul>",
        "<table border=\"1\"><tbody><tr><td colspan=\"2\" style=\"padding:8px;text-align:right\">x</td></tr></tbody></table>",
        "<blockquote style=\"margin:0 0 0 12px;border-left:1px solid #cccccc\">was</blockquote>",
        "<p style=\"text-align:center;color:#333333\">x</p>",
        "a &lt; b &amp; c",
        "<a href=\"https://x.example/?a=1&amp;b=2\">here</a>",
        "<pre>\n\n two</pre>",
        "<p>\u{1f469}\u{200d}\u{1f4bb} Grüße, مرحبا</p>",
        "<a href=\"https://x.example/\" style=\"color:#ffffff;background-color:#0a7a4b;padding:10px 16px;display:inline-block\">Pay</a>",
    ] {
        let out = outgoing_html(html, Pictures::Refused);
        assert_eq!(out.html, html);
        assert!(out.refused.is_empty() && out.left_out.is_empty(), "{html}");
    }
}

#[test]
fn a_whole_document_leaves_its_body() {
    let html = "<!DOCTYPE html><html><head><meta charset=utf-8><meta name=viewport content=x><title>t</title></head>\
                <body bgcolor=\"#fafafa\" class=x><div class=\"y\">Hi<br>you</div></body></html>";
    let out = outgoing_html(html, Pictures::Refused);
    assert_eq!(out.html, "<div style=\"background-color:#fafafa\"><div>Hi<br>you</div></div>");
    assert!(out.refused.is_empty() && out.left_out.is_empty());
}

#[test]
fn what_carries_words_past_an_approver_is_refused_by_name() {
    use FindingKind as K;
    for (html, kind) in [
        ("<!--[if mso]><p>DE00 1234</p><![endif]-->Hi", K::Comment),
        ("<![if !mso]>DE00<![endif]>Hi", K::Comment),
        ("<?xml version=1?>Hi", K::Comment),
        ("<style>p::after{content:'DE00'}</style>Hi", K::StyleSheet),
        ("<link rel=stylesheet href=https://x.example>Hi", K::StyleSheet),
        ("<noscript>DE00</noscript>Hi", K::UncertainElement),
        ("<template>DE00</template>Hi", K::UncertainElement),
        ("<details><summary>x</summary>DE00</details>", K::UncertainElement),
        ("<bdo dir=rtl>4321</bdo>", K::UncertainElement),
        ("<textarea>DE00</textarea>Hi", K::FormElement),
        ("<input value='DE00'>Hi", K::FormElement),
        ("<select><option>DE00</select>Hi", K::FormElement),
        ("<button>DE00</button>", K::FormElement),
        ("<iframe srcdoc='DE00'></iframe>Hi", K::ActiveElement),
        ("<svg><text>DE00</text></svg>Hi", K::ActiveElement),
        ("<math><mtext>DE00</mtext></math>Hi", K::ActiveElement),
        ("<object data=x>DE00</object>Hi", K::ActiveElement),
        ("<video><p>DE00</video>Hi", K::ActiveElement),
        ("<script>x</script>Hi", K::ActiveElement),
        ("<meta http-equiv=refresh content='0;url=https://x.example'>Hi", K::ActiveElement),
        ("<img src='https://x.example/account.png' alt='DE00'>Hi", K::Picture),
        ("<img src='cid:a@b'>Hi", K::Picture),
        ("<table><tr><td background='https://x.example/a.png'>x</table>", K::Picture),
        ("<p style='background:url(https://x.example/a)'>Hi</p>", K::Picture),
        ("<p style='display:none'>DE00</p>Hi", K::HiddenText),
        ("<p hidden>DE00</p>Hi", K::HiddenText),
        ("<p style='font-size:0'>DE00</p>Hi", K::HiddenText),
        ("<p style='font-size:5px'>DE00</p>Hi", K::HiddenText),
        ("<small><small><small><small>DE00</small></small></small></small>", K::HiddenText),
        ("<p style='color:#fff'>DE00</p>Hi", K::HiddenText),
        ("<p style='color:#eee'>DE00</p>Hi", K::HiddenText),
        ("<font color=white>DE00</font>Hi", K::HiddenText),
        ("<div style='background:#222'><p style='color:#333'>DE00</p></div>", K::HiddenText),
        ("<p style='line-height:0'>DE00<br>x</p>Hi", K::HiddenText),
        ("<p style='line-height:4px'>DE00<br>x</p>Hi", K::HiddenText),
        ("<p style='opacity:0'>DE00</p>Hi", K::HiddenText),
        ("<p style='position:absolute;left:-9999px'>DE00</p>Hi", K::HiddenText),
        ("<div style='max-height:0;overflow:hidden'>DE00</div>Hi", K::HiddenText),
        ("<p style='mso-hide:all'>DE00</p>Hi", K::HiddenText),
        ("<a href='javascript:alert(1)'>x</a>", K::LinkTarget),
        ("<a href='data:text/html,x'>x</a>", K::LinkTarget),
        ("<a href='//x.example'>x</a>", K::LinkTarget),
    ] {
        let found = refused(html);
        assert!(found.contains(&kind), "{html}: {found:?}");
        assert!(!found.contains(&K::TooComplex), "{html}");
        for bad in ["DE00</t", "alert", "data:", "<!--", "<style", "<i", "url("] {
            assert!(!left(html).contains(bad), "{html} left {}", left(html));
        }
    }
}

#[test]
fn what_cannot_be_seen_is_left_out() {
    let out = outgoing_html("<p>a\u{200b}b\u{202e}c&#xE0041;d&shy;e</p>", Pictures::Refused);
    assert_eq!(out.html, "<p>abcde</p>");
    assert!(out.refused.is_empty());
    assert_eq!(out.left_out.len(), 4);
}

#[test]
fn styles_outside_the_subset_are_named() {
    let out =
        outgoing_html("<p style='color:red;box-shadow:1px 1px;position:relative' onclick=x()>x</p>", Pictures::Refused);
    assert_eq!(out.html, "<p style=\"color:#ff0000\">x</p>");
    let named: Vec<_> = out.left_out.iter().map(|finding| finding.what.as_str()).collect();
    assert_eq!(named, ["box-shadow:1px 1px", "position:relative", "onclick"]);
}

#[test]
fn links_and_pictures_are_listed() {
    let out = outgoing_html(
        "<a href=' https://evil.example/x'>https://<b>bank</b>.example</a><a href=mailto:a@b.example>write</a>\
         <img src='https://x.example/logo.png' width=9999 alt=Logo onerror=x>",
        Pictures::Listed,
    );
    let links: Vec<_> = out.links.iter().map(|link| (link.text.as_str(), link.target.as_str())).collect();
    assert_eq!(links, [("https://bank.example", "https://evil.example/x"), ("write", "mailto:a@b.example")]);
    assert_eq!(out.pictures, ["https://x.example/logo.png"]);
    assert!(out.html.ends_with("<img src=\"https://x.example/logo.png\" alt=\"Logo\" width=\"2000\">"), "{}", out.html);
}

#[test]
fn costly_pages_become_text() {
    let out = outgoing_html(&"<div>".repeat(100_000), Pictures::Refused);
    assert_eq!(out.refused[0].kind, FindingKind::TooComplex);
    assert!(refused(&("<div style='color:red'>x</div>".repeat(20_000))).is_empty());
}

/// The words of the fragment as another reader of HTML finds them, whatever is hidden in it.
fn all_words(html: &str) -> String {
    let mut text = String::new();
    for token in Tokenizer::new(html) {
        match token {
            Token::Text(more) => text.push_str(&more),
            Token::Tag(_) => {}
        }
    }
    text.split_whitespace().collect()
}

/// What a reader sees of it, by the rules mail of strangers is looked at, without the marks of a text.
fn seen_words(html: &str) -> String {
    let mut visibility = Visibility::new(html);
    let mut text = String::new();
    for token in Tokenizer::new(html) {
        match token {
            Token::Text(more) if visibility.is_visible() => text.push_str(&more),
            Token::Text(_) => {}
            Token::Tag(tag) => visibility.tag(&tag),
        }
    }
    text.split_whitespace().collect()
}

fn piece() -> impl Strategy<Value = String> {
    let element = prop::sample::select(vec![
        "p",
        "div",
        "span",
        "a",
        "b",
        "i",
        "table",
        "tr",
        "td",
        "ul",
        "li",
        "pre",
        "font",
        "small",
        "h6",
        "svg",
        "math",
        "mtext",
        "style",
        "script",
        "noscript",
        "template",
        "textarea",
        "title",
        "select",
        "option",
        "iframe",
        "form",
        "button",
        "details",
        "plaintext",
        "xmp",
        "body",
        "html",
        "head",
        "frameset",
        "foreignObject",
        "annotation-xml",
        "o:p",
        "center",
        "caption",
        "colgroup",
        "img",
        "br",
    ]);
    let style = prop::sample::select(vec![
        "",
        " style='color:#fff'",
        " style='display:none'",
        " style='font-size:0'",
        " style=\"background:#000;color:#111\"",
        " hidden",
        " style='color:red;position:absolute'",
        " href='https://x.example/\"<b>'",
        " href=javascript:x",
        " style='opacity:0'",
        " bgcolor=white color=white",
        " onclick='x'",
        " src=https://x.example/a",
        " style='line-height:0'",
        " dir=rtl",
        " title='<b>'",
        " style='background:url(x)'",
        " style='mso-hide:all'",
        " encoding='text/html'",
        " color=#eeeeee",
        " style='font-size:50%'",
    ]);
    prop_oneof![
        (element.clone(), style).prop_map(|(name, style)| format!("<{name}{style}>")),
        element.prop_map(|name| format!("</{name}>")),
        "[a-z ]{1,6}",
        prop::sample::select(vec![
            "<!--",
            "-->",
            "<!--[if mso]>",
            "<![endif]-->",
            "<![CDATA[",
            "]]>",
            "&lt;b&gt;",
            "&#x202e;",
            "&nbsp;",
            "\u{200b}",
            "&#0;",
            "<",
            ">",
            "\"",
            "'",
            "<?x",
            "<!doctype>",
            "\n",
            "&amp;lt;",
        ])
        .prop_map(ToOwned::to_owned),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn what_is_shown_is_what_is_sent(pieces in prop::collection::vec(piece(), 0..40)) {
        let html = pieces.concat();
        let out = outgoing_html(&html, Pictures::Refused);
        // What is written is a fixed point: whoever reads it builds the tree that was written.
        let again = outgoing_html(&out.html, Pictures::Refused);
        prop_assert_eq!(&again.html, &out.html, "{}", html);
        // Nothing of it is hidden, unless that was refused.
        if out.refused.is_empty() {
            prop_assert!(again.refused.is_empty() && again.left_out.is_empty(), "{} left {}", html, out.html);
            prop_assert_eq!(seen_words(&out.html), all_words(&out.html), "{} left {}", html, out.html);
            // And the text made from it has every word.
            let text: String = Rendered::read(&out.html).text().split_whitespace().collect();
            let mut rest = text.as_str();
            for word in all_words(&out.html).chars() {
                let at = rest.find(word);
                prop_assert!(at.is_some(), "{} lacks {}", text, word);
                rest = &rest[at.unwrap_or(0) + word.len_utf8()..];
            }
        }
        // And a sanitizer that knows nothing of ours finds no word to take.
        let cleaned = crate::sanitize_html(&out.html, crate::RemoteImages::Blocked);
        prop_assert_eq!(all_words(cleaned.as_str()), all_words(&out.html), "{} left {}", html, out.html);
        prop_assert!(!out.html.contains(is_unseen) && !out.html.contains("<!"));
    }
}
