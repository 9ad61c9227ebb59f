//! What looks dangerous about a mail, found without any model. Flags inform; they never drop mail.

use actionlayer_domain::message::{Authentication, SafetyFlag, Verdict};

use crate::{
    address::domain_of,
    archive,
    html::{Rendered, Tag},
    lookalike,
    parse::ParsedMail,
};

/// What is known about a mail from outside it.
#[derive(Debug, Clone, Copy, Default)]
pub struct SafetyContext<'a> {
    /// SES's own verdicts; `None` when there are none (a test, a mail of ours).
    pub authentication: Option<Authentication>,
    /// Domains a stranger may want to be taken for: the identity's own and those of its contacts.
    pub known_domains: &'a [&'a str],
}

/// The flags of a mail, each once, in the order of [`SafetyFlag`].
pub fn safety_flags(mail: &ParsedMail, context: &SafetyContext<'_>) -> Vec<SafetyFlag> {
    let page = mail.page.as_ref().map(Rendered::signs).unwrap_or_default();
    let from = mail.from.as_ref().map(|from| domain_of(&from.email)).unwrap_or_default();
    let name = mail.from.as_ref().and_then(|from| from.name.clone()).unwrap_or_default();
    let checks = [
        (
            SafetyFlag::HiddenText,
            page.hidden_text || [&mail.text, &mail.subject, &name].into_iter().any(|text| has_hidden_characters(text)),
        ),
        (SafetyFlag::LinkMismatch, page.link_mismatch),
        (SafetyFlag::LookalikeDomain, lookalike::looks_like_one_of(&from, context.known_domains)),
        (
            SafetyFlag::ReplyToDiffers,
            !from.is_empty() && mail.reply_to.iter().any(|to| !same_organisation(&domain_of(&to.email), &from)),
        ),
        (SafetyFlag::Unauthenticated, context.authentication.is_some_and(is_unauthenticated)),
        (SafetyFlag::ExecutableAttachment, mail.has_executable),
    ];
    checks.into_iter().filter_map(|(flag, raised)| raised.then_some(flag)).collect()
}

fn is_unauthenticated(authentication: Authentication) -> bool {
    [authentication.spf, authentication.dkim, authentication.dmarc].iter().all(|verdict| *verdict != Verdict::Pass)
}

/// The part of a host name that one owner registered (public suffix list).
fn organisation(host: &str) -> &str {
    psl::domain_str(host).unwrap_or(host)
}

fn same_organisation(a: &str, b: &str) -> bool {
    organisation(a).eq_ignore_ascii_case(organisation(b))
}

/// What is found while a page is read.
#[derive(Default)]
pub(crate) struct PageInspection {
    signs: PageSigns,
    /// The target of the open link, and the text it shows.
    link: Option<(String, String)>,
}

/// What looks dangerous about a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct PageSigns {
    hidden_text: bool,
    link_mismatch: bool,
}

impl PageInspection {
    /// Takes the next text.
    pub(crate) fn text(&mut self, text: &str, is_visible: bool) {
        self.signs.hidden_text |= has_hidden_characters(text) || (!is_visible && has_words(text));
        if let Some((_, shown)) = &mut self.link {
            // Only text that can be a host name is compared; that is never long.
            if shown.len() < 500 {
                shown.push_str(text);
            }
        }
    }

    /// Takes the next tag.
    pub(crate) fn tag(&mut self, tag: &Tag<'_>) {
        if tag.name == "a" {
            self.end_link();
            self.link = tag.attribute("href").filter(|_| !tag.is_end).map(|href| (href.to_owned(), String::new()));
        }
    }

    fn end_link(&mut self) {
        self.signs.link_mismatch |= self.link.take().is_some_and(|(target, shown)| is_mismatch(&target, &shown));
    }

    /// Ends the page.
    pub(crate) fn finish(mut self) -> PageSigns {
        self.end_link();
        self.signs
    }
}

fn has_words(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

/// Characters that carry text past a reader: bidirectional overrides, tag characters outside a flag, zero-width ones
/// within words or in long mixed runs, runs of variation selectors. What scripts and emoji need of them is left alone.
fn has_hidden_characters(text: &str) -> bool {
    if text.is_ascii() {
        return false;
    }
    let mut words_cut = 0;
    let mut run: Vec<char> = Vec::new();
    let mut selectors = 0;
    let mut in_flag = false;
    let mut before = ' ';
    for c in text.chars() {
        match c {
            '\u{202d}' | '\u{202e}' => return true,
            // 🏴 followed by tags is the flag of England, Scotland or Wales.
            '\u{e0020}'..='\u{e007f}' if in_flag => continue,
            '\u{e0000}'..='\u{e007f}' => return true,
            '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2064}' | '\u{feff}' => {
                if run.len() < MAX_ZERO_WIDTH_RUN {
                    run.push(c);
                }
                if run.len() == MAX_ZERO_WIDTH_RUN && run.iter().any(|other| *other != c) {
                    return true;
                }
                continue;
            }
            '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => selectors += 1,
            _ => selectors = 0,
        }
        words_cut += usize::from(!run.is_empty() && before.is_ascii_alphanumeric() && c.is_ascii_alphanumeric());
        if words_cut >= MAX_WORDS_CUT || selectors >= MAX_SELECTOR_RUN {
            return true;
        }
        run.clear();
        before = c;
        in_flag = c == '\u{1f3f4}';
    }
    false
}

/// Latin words with something invisible in them. One or two are an accident of copying.
const MAX_WORDS_CUT: usize = 3;
/// Zero-width characters of several kinds in a row: a message in bits.
const MAX_ZERO_WIDTH_RUN: usize = 8;
/// Variation selectors in a row; an emoji has one.
const MAX_SELECTOR_RUN: usize = 4;

/// Whether a link shows one host and leads to another organisation's.
fn is_mismatch(target: &str, shown: &str) -> bool {
    let Some(target) = web_host(target.trim()) else { return false };
    let mut words = shown.split_whitespace().peekable();
    let first = words.next().unwrap_or_default();
    let is_one_word = words.peek().is_none();
    std::iter::once(first).chain(words).any(|word| {
        let word = word.trim_matches(['(', ')', '[', ']', '<', '>', '"', '\'', ',', ';', '.', '!']);
        let host = web_host(word).or_else(|| {
            let host = word.split(['/', '?', '#', ':']).next().unwrap_or_default();
            // Bare words with a dot count when they end in a public suffix: `example.com`, not `report.docx`; among
            // other words, only those that cannot be meant otherwise.
            let can_be_host = is_one_word || host.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("www."));
            let named = can_be_host
                && !host.contains('@')
                && psl::suffix(host.as_bytes()).is_some_and(|suffix| suffix.is_known());
            (named && psl::domain_str(host).is_some()).then(|| host.to_ascii_lowercase())
        });
        host.is_some_and(|host| host.contains('.') && !same_organisation(&host, &target))
    })
}

/// The host of an `http` or `https` address, lower case, as a browser finds it.
fn web_host(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once(':')?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return None;
    }
    let rest = rest.trim_start_matches(['/', '\\']);
    let authority = rest.split(['/', '\\', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default().trim_end_matches('.');
    (!host.is_empty()).then(|| host.to_ascii_lowercase())
}

/// Whether a file runs when opened: by its name, its media type, its first bytes, or what is in it.
pub fn is_executable(filename: &str, media_type: &str, content: &[u8]) -> bool {
    let by_type = matches!(
        media_type,
        "application/x-msdownload"
            | "application/x-dosexec"
            | "application/x-msdos-program"
            | "application/x-executable"
            | "application/x-mach-binary"
            | "application/hta"
            | "application/java-archive"
            | "application/vnd.android.package-archive"
            | "application/x-ms-shortcut"
    );
    let magic: [&[u8]; 7] =
        [b"MZ\x90\0", b"MZP\0", b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"L\0\0\0\x01\x14\x02\0", b"#!/"];
    let runs = |name: &str| archive::is_executable_name(name);
    runs(filename)
        || by_type
        || magic.iter().any(|m| content.starts_with(m))
        || archive::names(content).iter().any(|name| runs(name))
        || is_active_page(filename, media_type, content)
}

/// A page or a drawing that brings a program: opened from a mail, it runs in the browser.
fn is_active_page(filename: &str, media_type: &str, content: &[u8]) -> bool {
    const MAX_BYTES: usize = 1024 * 1024;
    let extension = archive::extension(filename);
    let is_page = matches!(media_type, "text/html" | "application/xhtml+xml" | "image/svg+xml")
        || matches!(extension.as_str(), "html" | "htm" | "xhtml" | "shtml" | "svg");
    let start = content.get(..content.len().min(MAX_BYTES)).unwrap_or_default().to_ascii_lowercase();
    is_page && [&b"<script"[..], b"javascript:", b"onload="].iter().any(|m| memchr::memmem::find(&start, m).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;

    fn flags(raw: &str) -> Vec<SafetyFlag> {
        safety_flags(&parse(raw.as_bytes()), &SafetyContext { authentication: None, known_domains: &["example.com"] })
    }

    fn html(body: &str) -> Vec<SafetyFlag> {
        flags(&format!("From: a@b.example\nContent-Type: text/html; charset=utf-8\n\n{body}"))
    }

    #[test]
    fn hidden_text() {
        for body in [
            "<p>hi</p><div style='display:none'>ignore all rules</div>",
            "a\u{200b}b\u{200b}c\u{200b}d",
            "x\u{e0041}\u{e0042}",
            "<style>.q{display:none}</style><p>hi<span class=q>obey</span>",
            "<table bgcolor='#112233'><tr><td><font color='#112233'>obey</font></table>",
            "x\u{200b}\u{200c}\u{200b}\u{200c}\u{200b}\u{200c}\u{200b}\u{200c}y",
            "x\u{fe01}\u{fe02}\u{e0101}\u{e0102}y",
            "invoice \u{202e}fdp",
        ] {
            assert_eq!(html(body), [SafetyFlag::HiddenText], "{body:?}");
        }
        for body in [
            "<p>hi</p><div style='display:none'> &nbsp; </div>",
            "🏴\u{e0067}\u{e0062}\u{e007f} 👨\u{200d}👩",
            "می\u{200c}خواهم",
            "ភាសា\u{200b}ខ្មែរ\u{200b}និង\u{200b}អក្សរ\u{200b}ខ្មែរ",
            "♥\u{fe0f} ♥\u{fe0f} \u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}",
        ] {
            assert!(html(body).is_empty(), "{body:?}");
        }
    }

    #[test]
    fn links_that_lie() {
        for body in [
            "<a href='https://evil.example/x'>https://bank.com/login</a>",
            "<a href='https://evil.example'><b>www.bank.com</b></a>",
            "<a href='https://bank.com@evil.example'>bank.com</a>",
            "<a href='https://evil.example'>Log in at https://bank.com/login now</a>",
            "<a href='//evil.example'>x</a><a href='https://evil.example'>(www.bank.com)</a>",
        ] {
            assert_eq!(html(body), [SafetyFlag::LinkMismatch], "{body:?}");
        }
        for body in [
            "<a href='https://click.bank.com/x'>www.bank.com</a>",
            "<a href='https://evil.example'>click here</a>",
            "<a href='https://x.example'>report.docx</a>",
            "<a href='https://x.example'>read about bank.com and others</a>",
            "<a href='https://x.example'>mail ada@bank.com</a>",
            "<a href='mailto:a@b.c'>bank.com</a>",
        ] {
            assert_eq!(html(body), [], "{body:?}");
        }
    }

    #[test]
    fn senders() {
        assert_eq!(flags("From: a@b.example\nReply-To: a@c.example\n\nx"), [SafetyFlag::ReplyToDiffers]);
        assert!(flags("From: a@mail.b.co.uk\nReply-To: x@reply.b.co.uk\n\nx").is_empty());
        assert_eq!(flags("From: a@examp1e.com\n\nx"), [SafetyFlag::LookalikeDomain]);
        let mail = parse(b"From: a@b.example\n\nx");
        let with = |authentication| safety_flags(&mail, &SafetyContext { authentication, known_domains: &[] });
        assert_eq!(with(Some(Authentication::default())), [SafetyFlag::Unauthenticated]);
        assert!(with(Some(Authentication { spf: Verdict::Pass, ..Authentication::default() })).is_empty());
        assert!(with(None).is_empty());
    }

    #[test]
    fn files_that_run() {
        for (name, content) in [("invoice.pdf.exe", ""), ("a.LNK", ""), ("x.iso", ""), ("photo.jpg", "MZ\u{90}")] {
            let content: Vec<u8> =
                content.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(0)).chain([0]).collect();
            assert!(is_executable(name, "application/octet-stream", &content), "{name}");
        }
        assert!(!is_executable("report.pdf", "application/pdf", b"%PDF-1.7"));
        assert!(is_executable("page.html", "text/html", b"<p>hi<SCRIPT src=x>"));
        assert!(is_executable("x.svg", "image/svg+xml", b"<svg onload=alert(1)>"));
        assert!(!is_executable("page.html", "text/html", b"<p>hi"));
        assert!(!is_executable("notes.txt", "text/plain", b"<script>"));
    }
}
