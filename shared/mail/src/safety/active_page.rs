//! Pages and drawings that bring a program: opened from a mail, they run in the browser.

use std::borrow::Cow;

use super::program_name::extension;
use crate::html::{Token, Tokenizer};

/// Bytes looked at.
const MAX_BYTES: usize = 1024 * 1024;
/// The longest prefix of a namespace, with its marks.
const LONGEST_NAMESPACE: usize = 20;
/// No honest tag has as many attributes; further ones are not read.
const MANY_ATTRIBUTES: usize = 50;

/// Whether it is a page or a drawing, and runs something.
pub(super) fn is_active_page(filename: &str, media_type: &str, content: &[u8]) -> bool {
    let start = content.get(..content.len().min(MAX_BYTES)).unwrap_or_default();
    let extension = extension(filename);
    let is_page = matches!(media_type, "text/html" | "application/xhtml+xml" | "image/svg+xml")
        || matches!(extension.as_str(), "html" | "htm" | "xhtml" | "xht" | "shtml" | "svg");
    let is_xml = || matches!(media_type, "text/xml" | "application/xml") || extension == "xml";
    if !is_page && !is_xml() {
        return false;
    }
    let start = without_zeros(start);
    let markup = String::from_utf8_lossy(&start);
    let has = |namespace: &str| memchr::memmem::find(&start, namespace.as_bytes()).is_some();
    (is_page || has("http://www.w3.org/1999/xhtml") || has("http://www.w3.org/2000/svg"))
        && (has_script(&start) || has_handler(&markup))
}

/// UTF-16 is read as the ASCII in it.
fn without_zeros(content: &[u8]) -> Cow<'_, [u8]> {
    if content.iter().take(64).any(|b| *b == 0) {
        Cow::Owned(content.iter().copied().filter(|b| *b != 0).collect())
    } else {
        Cow::Borrowed(content)
    }
}

/// A start tag `script`, of any namespace. Looked for everywhere, because XML has markup where HTML has none.
fn has_script(content: &[u8]) -> bool {
    let lower = content.to_ascii_lowercase();
    memchr::memmem::find_iter(&lower, b"script").any(|at| {
        let before = lower.get(at.saturating_sub(LONGEST_NAMESPACE)..at).unwrap_or_default();
        let opens = before.ends_with(b"<")
            || before.strip_suffix(b":").is_some_and(|before| {
                let name = before.iter().rev().take_while(|b| b.is_ascii_alphanumeric()).count();
                name > 0 && before.get(..before.len() - name).is_some_and(|before| before.ends_with(b"<"))
            });
        let ends = |b: &u8| b.is_ascii_whitespace() || matches!(b, b'/' | b'>');
        opens && lower.get(at + b"script".len()).is_none_or(ends)
    })
}

/// An attribute that runs: an event's, or an address that is a program.
fn has_handler(markup: &str) -> bool {
    Tokenizer::new(markup).any(|token| {
        let Token::Tag(tag) = token else { return false };
        let mut count = 0;
        let runs = tag.attributes().any(|(name, value)| {
            count += 1;
            is_event(name) && !value.trim().is_empty() || is_program(value) || name == "srcdoc"
        });
        runs || count >= MANY_ATTRIBUTES
    })
}

fn is_event(name: &str) -> bool {
    name.strip_prefix("on").is_some_and(|event| event.len() > 2 && event.bytes().all(|b| b.is_ascii_alphabetic()))
}

/// `javascript:…`, as browsers read it, and pages within an address.
fn is_program(value: &str) -> bool {
    const LONGEST: usize = 16;
    let start = value.chars().filter(|c| *c > ' ').take(LONGEST).collect::<String>().to_ascii_lowercase();
    ["javascript:", "vbscript:", "data:text/html"].iter().any(|scheme| start.starts_with(scheme))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_that_run() {
        for page in [
            "<p>hi<SCRIPT src=x>",
            "<script",
            "<svg:script>",
            "<title><script>alert(1)</script></title>",
            "<svg onload=alert(1)>",
            "<svg  onload = alert(1)>",
            "<img src=x onerror=alert(1)>",
            "<body onpageshow=alert(1)>",
            "<a href='java\nscript:alert(1)'>x</a>",
            "<a href='&#106;avascript:alert(1)'>x</a>",
            "<iframe srcdoc='x'>",
            "<meta http-equiv=refresh content='0;url=x'><object data='data:text/html;base64,x'>",
        ] {
            assert!(is_active_page("x.html", "text/html", page.as_bytes()), "{page}");
            let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(page.bytes().flat_map(|b| [b, 0])).collect();
            assert!(is_active_page("x.html", "application/octet-stream", &utf16), "{page}");
            assert!(!is_active_page("x.txt", "text/plain", page.as_bytes()), "{page}");
        }
        let many = format!("<img {}onerror=alert(1)>", "a=b ".repeat(60));
        assert!(is_active_page("x.svg", "image/svg+xml", many.as_bytes()));
        let xml = "<x xmlns:h='http://www.w3.org/1999/xhtml'><h:script>alert(1)</h:script></x>";
        assert!(is_active_page("x.xml", "text/xml", xml.as_bytes()));
        assert!(!is_active_page("x.xml", "text/xml", b"<job><script>build</script></job>"));
        for page in [
            "<p>hi",
            "<p>The <scripture> & javascript: tutorial",
            "<p title='on load'>onload = when it loads; &lt;script&gt;",
            "<a href='https://x.example/javascript:'>x</a>",
            "<manuscript>",
            "<body onload=''>",
            "",
        ] {
            assert!(!is_active_page("x.html", "text/html", page.as_bytes()), "{page}");
        }
    }
}
