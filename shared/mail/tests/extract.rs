//! What is new in any mail: no word is invented or moved, nothing is empty that is not, and it takes linear time.

#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use actionlayer_mail::{SafetyContext, extract, extracted_text, html_to_text, parse, safety_flags};
use proptest::prelude::*;

/// The words of `new` stand in `text`, in that order.
fn in_order(new: &str, text: &str) -> bool {
    let mut words = text.split_whitespace();
    new.split_whitespace().all(|word| words.any(|other| other == word))
}

fn check_text(text: &str) -> Result<(), TestCaseError> {
    let new = extracted_text(text);
    prop_assert!(in_order(&new, text), "{:?} of {:?}", new, text);
    prop_assert_eq!(new.is_empty(), text.trim().is_empty(), "{:?} of {:?}", new, text);
    prop_assert_eq!(extracted_text(&text.replace('\n', "\r\n")), new);
    Ok(())
}

fn check_mail(subject: &str, text: Option<&str>, html: &str) -> Result<(), TestCaseError> {
    let plain = text.map(|text| format!("--b\n\n{text}\n")).unwrap_or_default();
    let raw = format!(
        "Subject: {subject}\nContent-Type: multipart/alternative; boundary=b\n\n{plain}--b\nContent-Type: text/html; \
         charset=utf-8\n\n{html}\n--b--\n"
    );
    let mail = parse(raw.as_bytes());
    let shown = mail.html.as_deref().map(html_to_text).unwrap_or_default();
    let new = extract(&mail);
    prop_assert!(in_order(&new, &mail.text) || in_order(&new, &shown), "{:?} of {:?}", new, raw);
    prop_assert_eq!(new.is_empty(), mail.text.trim().is_empty() && shown.trim().is_empty(), "{:?} of {:?}", new, raw);
    Ok(())
}

fn lines() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        prop::sample::select(vec![
            "",
            "",
            "yes",
            "- one",
            "> quoted",
            ">> deeper",
            "> ",
            "--",
            "-- ",
            "---",
            "Ada",
            "On 27 Apr 2026 at 14:30, Mia wrote:",
            "On Mon, Apr 27, 2026 at 2:30 PM Mia Miller With A Long Name",
            "<mia@ai.example.com> wrote:",
            "Am 27.04.26 schrieb Mia:",
            "пн, 27 апр. 2026 г. в 14:30, Mia <m@x>:",
            "-----Original Message-----",
            "---- Mia wrote: ----",
            "From: Mia <m@x>",
            "Sent: Monday",
            "Date: Monday",
            "To: Ada",
            "Subject: x",
            "________________________________",
            "Sent from my iPhone",
            "---------- Forwarded message ---------",
            "> Begin forwarded message:",
            "Kwa: Ada",
            "Mada: x",
            "  indented",
            "a:",
        ])
        .prop_map(ToOwned::to_owned),
        "[a-z:@<>0-9 -]{0,20}",
    ];
    prop::collection::vec(line, 0..25).prop_map(|lines| lines.join("\n"))
}

fn page() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "<div>",
            "</div>",
            "<br>",
            "<p>",
            "</p>",
            "<hr>",
            "<blockquote>",
            "<blockquote type=cite>",
            "</blockquote>",
            "<div class=gmail_quote>",
            "<div class=gmail_attr>",
            "<div class=gmail_signature>",
            "<div class=yahoo_quoted>",
            "<div id=divRplyFwdMsg>",
            "<div id=appendonsend></div>",
            "<div class=moz-cite-prefix>",
            "<div name=quote>",
            "<div style='border-top:solid 1pt'>",
            "<div class=moz-forward-container>",
            "<table border=1>",
            "<table>",
            "</table>",
            "<tr>",
            "<td>",
            "</td>",
            "<th>",
            "<ul>",
            "<ol>",
            "<li>",
            "</ul>",
            "<pre>",
            "</pre>",
            "<a href=https://x.example/>",
            "</a>",
            "<span style='display:none'>",
            "<span style='text-decoration:line-through'>",
            "</span>",
            "<s>",
            "</s>",
            "<blockquote style='border-left:1px'>",
            "<style>",
            "</style>",
            "<!--",
            "-->",
            "&nbsp;",
            "&gt; ",
            "yes ",
            "no ",
            "On 27 Apr 2026 at 14:30, Mia wrote:",
            "From: Mia &lt;m@x&gt;<br>",
            "Sent: Monday<br>",
            "To: Ada<br>",
            "Subject: x<br>",
            "---------- Forwarded message ---------<br>",
            "-- <br>",
            "Sent from my iPhone",
        ])
        .prop_map(ToOwned::to_owned),
        "[a-z<>&;\"' -]{0,12}",
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn subject() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["Re: x", "Fwd: x", "AW: x", "WG: x", "x", ""])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 700, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text(text in "\\PC{0,300}") {
        check_text(&text)?;
    }

    #[test]
    fn mail_like_text(text in lines()) {
        check_text(&text)?;
    }

    #[test]
    fn mail_like_html(subject in subject(), text in prop::option::of(lines()), html in page()) {
        check_mail(subject, text.as_deref(), &html)?;
    }
}

/// The time of the quickest of three runs.
fn quickest(run: impl Fn()) -> Duration {
    (0..3)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        })
        .min()
        .unwrap()
}

#[test]
fn time_is_linear_in_size() {
    let texts: [&str; 10] = [
        "On 27 Apr 2026 Mia\n",
        "From: a\n",
        "--\nAda\n\n",
        "> q\n\n",
        "a:\n\n\n\n",
        "Sent from my iPhone\n",
        "\n",
        "---- x ----\nFrom: a@b\n",
        "On 27 Apr 2026, Mia wrote:\n\n\n",
        "x\n\n--\nAda\n",
    ];
    let pages: [&str; 10] = [
        "<blockquote>",
        "<div class=gmail_quote>x",
        "<div class=gmail_signature>x<br>",
        "<table border=1><tr><td>",
        "<div id=Signature>x</div>y",
        "<div style='border-top:solid'>a<br>",
        "<blockquote type=cite>x</blockquote>y",
        "<ul><li>x",
        "<s>x<br>",
        "<td><s>-- <br></td>",
    ];
    let page = |piece: &str, count: usize| format!("Content-Type: text/html\n\n{}", piece.repeat(count));
    for piece in texts {
        let time = |count: usize| {
            let text = piece.repeat(count);
            quickest(|| drop(extracted_text(&text)))
        };
        let (small, large) = (time(1_000), time(8_000));
        assert!(large < small * 40 + Duration::from_millis(50), "{piece:?}: {small:?}, eight times as much: {large:?}");
    }
    for piece in pages {
        let time = |count: usize| {
            let mail = parse(page(piece, count).as_bytes());
            quickest(|| drop(extract(&mail)))
        };
        let (small, large) = (time(1_000), time(8_000));
        assert!(large < small * 40 + Duration::from_millis(50), "{piece:?}: {small:?}, eight times as much: {large:?}");
    }
}

#[test]
fn comparing_text_and_page_takes_linear_time() {
    for piece in ["://>", "a<mailto:b>", "word ", "字", "1) - x\n", "a=b%", "[cid:x] ", "x:\n> y\n", "a://b\nc/d\n"] {
        let time = |count: usize| {
            let text = piece.repeat(count);
            let raw = format!(
                "Content-Type: multipart/alternative; boundary=b\n\n--b\n\n{text}\n--b\nContent-Type: text/html\n\n<p>{text}x\n\
                 --b--\n"
            );
            let mail = parse(raw.as_bytes());
            quickest(|| drop((extract(&mail), safety_flags(&mail, &SafetyContext::default()))))
        };
        let (small, large) = (time(2_000), time(16_000));
        assert!(large < small * 40 + Duration::from_millis(50), "{piece:?}: {small:?}, eight times as much: {large:?}");
    }
}
