//! The HTML of a mail or of a draft, as a document of its own: it stands in a frame without any right, and its answer has
//! the policy [`MAIL_FRAME`](crate::policy::MAIL_FRAME), so that it can do no more where somebody opens it by itself.

use actionlayer_mail::{RemoteImages, sanitize_html};

const HEAD: &str = "<!doctype html><html lang=\"und\"><head><meta charset=\"utf-8\"><meta name=\"robots\" content=\"noindex\">\
                    <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>Mail</title></head>\
                    <body style=\"margin: .75rem; color: #1b1b1b; background: #ffffff; font: 1rem/1.45 system-ui, \
                    sans-serif; overflow-wrap: anywhere\">";

/// What came by mail: sanitized, and nothing is loaded from anywhere.
pub fn inbound(html: &str) -> String {
    format!("{HEAD}{}</body></html>", sanitize_html(html, RemoteImages::Blocked).as_str())
}

/// What a draft sends, to the byte. It was made safe when it was submitted.
pub fn outgoing(html: &str) -> String {
    format!("{HEAD}{html}</body></html>")
}

/// The class of its frame, by how long its text is: without a script, a frame cannot know how tall it should be.
pub(super) fn height(text: &str) -> &'static str {
    const CHARS_A_LINE: usize = 60;
    let lines: usize = text.lines().map(|line| line.len() / CHARS_A_LINE + 1).sum();
    match lines {
        0..=6 => "frame low",
        7..=16 => "frame",
        _ => "frame tall",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_mail_runs_or_loads() {
        let page =
            inbound("<p onclick=x()>Hi</p><script>x</script><img src=https://evil.example/x.png><svg/onload=x()>");
        assert!(page.contains("Hi"));
        for active in ["onclick", "<script", "evil.example", "<svg", "onload"] {
            assert!(!page.contains(active), "{active}: {page}");
        }
    }
}
