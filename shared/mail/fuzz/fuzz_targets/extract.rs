//! What is new in any text: it never invents words, keeps their order, and is empty only when the text is.

#![no_main]

use actionlayer_mail::{extracted_text, html_to_text, text_to_html};
use libfuzzer_sys::fuzz_target;

fn check(text: &str) {
    let new = extracted_text(text);
    assert_eq!(new.is_empty(), text.trim().is_empty());
    let mut words = text.split_whitespace();
    for word in new.split_whitespace() {
        assert!(words.any(|other| other == word), "{word:?} is not there, or not in that order");
    }
}

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    check(&text);
    check(&html_to_text(&text));
    let _ = html_to_text(&text_to_html(&text));
});
