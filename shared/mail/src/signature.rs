//! What stands below the mail of an identity, and whether it already does.

use actionlayer_domain::draft::Sender;

use crate::html::{html_to_text, text_to_html};

/// What stands below every mail of an identity. With one of the two, the other is made from it.
#[derive(Clone, Copy, Default)]
pub struct Signature<'a> {
    pub text: Option<&'a str>,
    pub html: Option<&'a str>,
}

actionlayer_domain::debug_without_content!(Signature<'_>);

impl<'a> From<&'a Sender> for Signature<'a> {
    fn from(sender: &'a Sender) -> Self {
        Self { text: sender.signature_text.as_deref(), html: sender.signature_html.as_deref() }
    }
}

impl Signature<'_> {
    /// As text and as HTML; both empty when there is none.
    pub(crate) fn both(&self) -> (String, String) {
        let given = |s: Option<&str>| s.map(str::trim).filter(|s| !s.is_empty()).map(ToOwned::to_owned);
        match (given(self.text), given(self.html)) {
            (None, None) => (String::new(), String::new()),
            (Some(text), None) => (text.clone(), text_to_html(&text)),
            (None, Some(html)) => (html_to_text(&html), html),
            (Some(text), Some(html)) => (text, html),
        }
    }
}

/// Whether `signature` stands in the last lines of `text`, as whole lines, however they are broken; a postscript of a few
/// lines may follow. The end of a sentence is not a signature: "Ask for our colleague Mia".
pub(crate) fn is_signed(text: &str, signature: &str) -> bool {
    /// Lines that may follow a signature.
    const MAX_POSTSCRIPT: usize = 8;
    /// Lines of a signature that are looked for.
    const MAX_LINES: usize = 50;
    let signature: String = signature.lines().map(squeezed).collect();
    // The author may break its lines elsewhere.
    let lines = text.lines().rev().filter(|line| !line.starts_with('>')).map(squeezed).filter(|line| !line.is_empty());
    let mut last: Vec<String> = lines.take(MAX_LINES + MAX_POSTSCRIPT).collect();
    last.reverse();
    let ends_in_time = |end: usize| last.len() - end <= MAX_POSTSCRIPT;
    (0..last.len()).any(|start| {
        let mut rest = signature.as_str();
        last.iter().enumerate().skip(start).any(|(at, line)| {
            let left = rest.strip_prefix(line.as_str());
            rest = left.unwrap_or("\0");
            rest.is_empty() && ends_in_time(at + 1)
        })
    })
}

/// For comparing: without blanks, and without the dashes some put before their name.
fn squeezed(line: &str) -> String {
    let line = line.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '-' | '–' | '—'));
    line.chars().filter(|c| !c.is_whitespace()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_lines_at_the_end() {
        for (text, signature, expected) in [
            ("Hello\n\nMia", "Mia", true),
            ("Hello\n-- \nMia\n", "Mia", true),
            ("Hello\n— Mia", "Mia", true),
            ("Hello\n\nMia\nExample GmbH", "Mia\nExample GmbH", true),
            ("Hello\n\nMia of\n Example", "Mia of Example", true),
            ("Hello\n\nMia of Example", "Mia\nof Example", true),
            ("Hello\n\nMia\nExample\n\nPS: call me\nor write", "Mia\nExample", true),
            ("Hello\n\nMia\n\n> quoted\n> quoted", "Mia", true),
            ("Mia\nMia\nExample", "Mia\nExample", true),
            ("Hello\n\n---\nMia\n– Sales\n--------\n030 1234", "---\nMia\n– Sales\n--------\n030 1234", true),
            ("Ask for our colleague Mia", "Mia", false),
            ("Ask for our colleague\nMia Miller", "Mia", false),
            ("Hello\nMia\n1\n2\n3\n4\n5\n6\n7\n8\n9", "Mia", false),
            ("> Mia", "Mia", false),
            ("Hello", "Mia", false),
        ] {
            assert_eq!(is_signed(text, signature), expected, "{text:?} {signature:?}");
        }
    }
}
