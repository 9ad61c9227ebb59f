//! Mail made to hurt its reader, in any size. Used by the test beside this and by `examples/bombs.rs`, which measures.

use std::fmt::Write as _;

/// A kind of hostile mail.
pub(crate) struct Bomb {
    /// What it tries.
    pub(crate) name: &'static str,
    /// Makes one of about that many bytes.
    pub(crate) make: Box<dyn Fn(usize) -> Vec<u8>>,
}

/// `head`, then `unit` as often as it fits, then `tail`.
fn flood(name: &'static str, head: &'static str, unit: impl AsRef<[u8]> + 'static, tail: &'static str) -> Bomb {
    let make = move |bytes: usize| {
        let unit = unit.as_ref();
        let times = bytes.saturating_sub(head.len() + tail.len()) / unit.len();
        [head.as_bytes(), &unit.repeat(times), tail.as_bytes()].concat()
    };
    Bomb { name, make: Box::new(make) }
}

/// `head`, then numbered units until it is full.
fn numbered(name: &'static str, head: &'static str, unit: fn(usize) -> String) -> Bomb {
    let make = move |bytes: usize| {
        let mut out = head.as_bytes().to_vec();
        let mut number = 0;
        while out.len() < bytes {
            out.extend_from_slice(unit(number).as_bytes());
            number += 1;
        }
        out
    };
    Bomb { name, make: Box::new(make) }
}

const MIXED: &str = "Subject: s\nContent-Type: multipart/mixed; boundary=b\n\n";
const HTML: &str = "Subject: s\nContent-Type: text/html; charset=utf-8\n\n";
const TEXT: &str = "Subject: s\n\n";
const ZIP: &str = "Content-Type: application/zip\nContent-Disposition: attachment\n\nPK\u{3}\u{4}";

/// All of them.
pub(crate) fn all() -> Vec<Bomb> {
    let mut bombs = structure();
    bombs.extend(headers());
    bombs.extend(html());
    bombs.extend(text());
    bombs.extend(files());
    bombs
}

fn structure() -> Vec<Bomb> {
    vec![
        flood("nested messages", "Subject: s\n", "Content-Type: message/rfc822\n\n", "x"),
        flood("nested digests", "Subject: s\n", "Content-Type: multipart/digest; boundary=b\n\n--b\n", "x"),
        numbered("nested multiparts", "Subject: s\n", |n| {
            format!("Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n")
        }),
        flood("parts", MIXED, "--b\nContent-Type: image/png\n\nx\n", "--b--\n"),
        flood("empty parts", MIXED, "--b\n\n", "--b--\n"),
        flood("parts of headers only", MIXED, "--b\nA: b\n", "--b--\n"),
        flood("lost boundaries", MIXED, "--b\nContent-Type: multipart/mixed; boundary=c\n\nx\n", ""),
        numbered("boundary prefixes", "Subject: s\n", |n| {
            let boundary = "a".repeat(n % 70 + 1);
            if n < 400 {
                format!("Content-Type: multipart/mixed; boundary={boundary}\n\n--{boundary}\n")
            } else {
                format!("--{boundary}\n")
            }
        }),
        flood("almost boundaries", MIXED, "--bx\n", "--b--\n"),
        flood("dashes", MIXED, "--\n", "--b--\n"),
        flood("closed again and again", MIXED, "--b\n\nx\n--b--\n", ""),
        flood(
            "recipients of a report",
            "Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n",
            "Final-Recipient: rfc822;a@b.c\nAction: failed\n\n",
            "--b--\n",
        ),
    ]
}

fn headers() -> Vec<Bomb> {
    vec![
        flood("addresses", "Subject: s\nTo: ", "a@b.example, ", "\n\nx"),
        flood("groups", "To: ", "g:a@b.example;,", "\n\nx"),
        flood("comments", "From: ", "(", "\n\nx"),
        flood("angles", "From: ", "<", "\n\nx"),
        flood("quotes", "From: ", "\"\\", "\n\nx"),
        flood("fields", "Subject: s\n", "A: b\n", "\n\nx"),
        flood("known fields", "Subject: s\n", "To: a@b.example\n", "\n\nx"),
        flood("folds", "Subject: a", "\n a", "\n\nx"),
        flood("colons", "", ":", "\n\nx"),
        flood("encoded words", "Subject: ", "=?utf-8?Q?a?= ", "\n\nx"),
        flood("encoded words, folded", "Subject: ", "=?utf-8?Q?a?=\n ", "\n\nx"),
        flood("open encoded words", "Subject: ", "=?utf-8?Q?a", "\n\nx"),
        flood("base64 words", "From: ", "=?utf-8?B?aaaa ", "\n\nx"),
        flood("marks of words", "Subject: ", "=?", "\n\nx"),
        numbered("continuations", "Content-Type: a/b", |n| format!(";n*{n}=x")),
        numbered("extended continuations", "Content-Type: a/b; name*0*=utf-8''x", |n| format!(";name*{n}*=%C3")),
        flood("parameters", "Content-Type: a/b", "; a=b", "\n\nx"),
        flood(
            "continuations in parts",
            MIXED,
            "--b\nContent-Type: a/b;n*0=a;n*1=a;n*2=a;n*3=a;n*4=a;n*5=a;n*6=a\n\nx\n",
            "",
        ),
        flood("references", "References: ", "<a@b>", "\n\nx"),
        numbered("different references", "References: ", |n| format!("<{n}@b>\n ")),
        flood("open references", "References: ", "<", "\n\nx"),
        flood("a line without end", "Subject: ", "x", ""),
        flood("fields without a charset", "", b"To: \xa4\xaa\xcc\xe4 a@b.example\n", "\n\nx"),
        flood("words without a charset", "Subject: ", "=?x?Q?=A4=AA=CC=E4?= ", "\n\nx"),
        flood("parts without a charset", MIXED, b"--b\nSubject: \xa4\xaa\n\n\xcc\xe4\n", "--b--\n"),
    ]
}

fn html() -> Vec<Bomb> {
    vec![
        flood("deep html", HTML, "<div>", "x"),
        flood("deep html with styles", HTML, "<div style='color:red;font-size:1em'>", "x"),
        flood("deep quotes", HTML, "<blockquote>a", ""),
        flood("deep tables", HTML, "<table><tr><td>a", ""),
        flood("open paragraphs", HTML, "<p><b><li>a", ""),
        flood("ends of nothing", HTML, "<b></i>a", ""),
        flood("hidden elements", HTML, "<p hidden>a", ""),
        flood("open attributes", HTML, "<a href='", ""),
        flood("attributes", HTML, " a=b", ">"),
        flood("open comments", HTML, "<!--", ""),
        flood("open scripts", HTML, "<script></", ""),
        flood("links", HTML, "<a href='http://x.example'>y.example", ""),
        flood("character references", HTML, "&amp", ""),
        flood("style rules", "Content-Type: text/html\n\n<style>", ".a{color:red}", "</style><p class=a>x"),
        flood(
            "classes",
            "Content-Type: text/html\n\n<style>.a{color:red}.b{color:red}</style>",
            "<p class='a b c d e f g h'>x",
            "",
        ),
        flood(
            "descendants",
            "Content-Type: text/html\n\n<style>div div p{color:red}div>div>div p,.a .b .a .b p{top:0}* * * *{left:0}</style>",
            "<div class='a b'><p>x",
            "",
        ),
        Bomb { name: "descendant rules", make: Box::new(descendant_rules) },
        flood("at-rules", "Content-Type: text/html\n\n<style>", "@media screen{", "</style><p>x"),
        flood("open selectors", "Content-Type: text/html\n\n<style>", "a>[b]:c(", "{}</style><p>x"),
        flood("style sheets", HTML, "<style>a{b:c}</style>", "x"),
        flood("declarations", "Content-Type: text/html\n\n<p style='", "color:red;", "'>x"),
        flood("less-than", HTML, "<", ""),
    ]
}

/// As many rules of many compounds as elements within one another that they may meet.
fn descendant_rules(bytes: usize) -> Vec<u8> {
    let mut out = String::from("Content-Type: text/html\n\n<style>");
    let mut number = 0;
    while out.len() < bytes / 2 {
        let (b, c) = (number % 97, number % 89);
        let _ = write!(out, ".a .b{b} > * .c{c} .a{{color:#{number:06}}}");
        number += 1;
    }
    out.push_str("</style>");
    while out.len() < bytes {
        let (b, c) = (number % 97, number % 89);
        let _ = write!(out, "<div class='a b{b} c{c} b1 b2 b3 c1 c2 c3'>x");
        number += 1;
    }
    out.into_bytes()
}

fn text() -> Vec<Bomb> {
    vec![
        flood("signatures", TEXT, "--\na\n", ""),
        flood("attributions", TEXT, "On 1 May 2026, a wrote:\n", ""),
        flood("open attributions", TEXT, "On 1\n", ""),
        flood("quoted headers", TEXT, "From: a\n", ""),
        flood("quote marks", TEXT, ">", ""),
        flood("quote lines", TEXT, "> a\nb\n", ""),
        flood("line breaks", TEXT, "\n", "x"),
        flood("flowed", "Content-Type: text/plain; format=flowed\n\n", "a \n> \n", ""),
        flood("flowed quotes", "Content-Type: text/plain; format=flowed\n\n>", ">", ""),
        flood("soft breaks", "Content-Transfer-Encoding: quoted-printable\n\n", "=\n", ""),
        flood("escapes", "Content-Transfer-Encoding: quoted-printable\n\n", "=C3=A9", ""),
        flood("escapes of charsets", "Content-Type: text/plain; charset=iso-2022-jp\n\n", "\u{1b}$B\u{1b}(B", ""),
        flood("text without a charset", TEXT, b"\xa4\xaa\xcc\xe4\xa4\xa4\xb9\xe7", ""),
        flood("zero-width", "Content-Type: text/plain; charset=utf-8\n\n", "\u{200b}", ""),
    ]
}

fn files() -> Vec<Bomb> {
    vec![
        flood("damaged base64", "Content-Type: a/b\nContent-Transfer-Encoding: base64\n\n", "YQ!\n", ""),
        flood(
            "a large file",
            "Content-Type: a/b\nContent-Transfer-Encoding: base64\n\n",
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n",
            "",
        ),
        flood("entries of a zip", ZIP, "PK\u{3}\u{4}\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\u{1}\0\0\0a", ""),
        flood("ends of a zip", ZIP, "PK\u{5}\u{6}", ""),
        flood(
            "a directory of a zip",
            ZIP,
            "PK\u{1}\u{2}",
            "PK\u{5}\u{6}\0\0\0\0\0\0\0\0\u{7f}\u{7f}\u{7f}\u{1}\0\0\0\0\0\0",
        ),
        flood("an active page", "Content-Type: text/html\nContent-Disposition: attachment\n\n", "<scrip", ""),
    ]
}
