//! What is new in any text and any HTML: it never invents words, keeps their order, and is empty only when the mail is.

#![no_main]

use actionlayer_mail::{extract, extracted_text, html_to_text, parse, text_to_html};
use libfuzzer_sys::fuzz_target;

fn in_order(new: &str, text: &str) -> bool {
    let mut words = text.split_whitespace();
    new.split_whitespace().all(|word| words.any(|other| other == word))
}

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let new = extracted_text(&text);
    assert_eq!(new.is_empty(), text.trim().is_empty());
    assert!(in_order(&new, &text), "words were invented or moved");
    let _ = html_to_text(&text_to_html(&text));

    // The same bytes as HTML, and as a text with an HTML beside it.
    let (plain, html) = text.split_once("\n\n\n").unwrap_or(("", &text));
    let heads = [
        "Subject: Re: x\nContent-Type: multipart/alternative; boundary=\"=_b\"\n\n--=_b\n\n",
        "\n--=_b\nContent-Type: text/html; charset=utf-8\n\n",
    ];
    let raw = [heads[0], plain, heads[1], html, "\n--=_b--\n"].concat();
    let mail = parse(raw.as_bytes());
    let shown = mail.html.as_deref().map(html_to_text).unwrap_or_default();
    let new = extract(&mail);
    assert_eq!(new.is_empty(), mail.text.trim().is_empty() && shown.trim().is_empty());
    assert!(in_order(&new, &mail.text) || in_order(&new, &shown), "words were invented or moved");
});
