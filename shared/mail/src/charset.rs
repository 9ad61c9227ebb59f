//! Bytes to text, whatever the label says.

mod older;

use std::{borrow::Cow, iter};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, ISO_2022_JP, REPLACEMENT, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252, X_USER_DEFINED};
use mail_parser::decoders::charsets::map::charset_decoder;

/// Decodes `bytes` as the charset named `label`: every label of the WHATWG, and the older names that mail still uses
/// (UTF-7, HZ, IBM code pages). Where the label is missing or unknown, or the bytes show that it is wrong, the most likely
/// reading is taken: UTF-8, ISO-2022-JP by its escapes, else what [`guess`] says.
pub(crate) fn decode(bytes: &[u8], label: Option<&str>) -> String {
    let label = label.map(|label| label.trim_matches([' ', '\t', '"', '\''])).unwrap_or_default();
    // A byte order mark of UTF-8 is never an accident.
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return decode_unlabelled(bytes);
    }
    if let Some(decode) = older::decoder(label, bytes) {
        return decode(bytes);
    }
    // Nor is one of UTF-16, where what follows can be read so.
    if let Some(text) = marked_utf16(bytes) {
        return text;
    }
    let known = Encoding::for_label(label.as_bytes());
    match known.filter(|encoding| *encoding != REPLACEMENT).or_else(|| older::alias(label)) {
        // What is not ASCII is something else, and the label does not say what.
        Some(encoding) if is_ascii(label) || encoding == X_USER_DEFINED => decode_unlabelled(bytes),
        Some(encoding) => decode_labelled(bytes, encoding),
        None => match charset_decoder(label.as_bytes()) {
            Some(decode) if known.is_none() && !label.is_empty() => decode(bytes),
            _ => decode_unlabelled(bytes),
        },
    }
}

fn decode_labelled(bytes: &[u8], encoding: &'static Encoding) -> String {
    // What begins as UTF-8 and is said to be UTF-8 is it, damaged.
    if encoding == UTF_8 && begins_as_utf8(bytes) {
        return into_text(UTF_8, bytes);
    }
    // `us-ascii` and `iso-8859-1` are Windows-1252 to the WHATWG, and stand on much mail that is UTF-8.
    if encoding == UTF_8 || (encoding == WINDOWS_1252 && (is_surely_utf8(bytes) || has_shifts(bytes))) {
        return decode_unlabelled(bytes);
    }
    if encoding == UTF_16LE && !bytes.starts_with(b"\xff\xfe") && is_big_endian(bytes) {
        return decode_labelled(bytes, UTF_16BE);
    }
    // A text of UTF-16 without a single zero byte in its first characters is one of a byte-wise charset.
    if (encoding == UTF_16LE || encoding == UTF_16BE)
        && !bytes.starts_with(b"\xff\xfe")
        && !bytes.starts_with(b"\xfe\xff")
        && bytes.is_ascii()
        && !bytes.contains(&0)
    {
        return decode_unlabelled(bytes);
    }
    let content = without_idle_escapes(strip_utf16_bom(bytes, encoding), encoding);
    let (text, damaged) = encoding.decode_without_bom_handling(&content);
    if damaged && is_surely_utf8(bytes) {
        return decode_unlabelled(bytes);
    }
    text.into_owned()
}

/// Whether a label is one of ASCII's, which the WHATWG takes for Windows-1252.
fn is_ascii(label: &str) -> bool {
    const LABELS: [&str; 8] =
        ["us-ascii", "ascii", "ansi_x3.4-1968", "iso-ir-6", "iso646-us", "ansi_x3.4-1986", "us", "646"];
    LABELS.iter().any(|ascii| label.eq_ignore_ascii_case(ascii))
}

/// The text of bytes that begin with a mark of UTF-16 and hold nothing that is not.
fn marked_utf16(bytes: &[u8]) -> Option<String> {
    let (encoding, content) = match bytes {
        [0xff, 0xfe, content @ ..] => (UTF_16LE, content),
        [0xfe, 0xff, content @ ..] => (UTF_16BE, content),
        _ => return None,
    };
    // Transports add a line break of single bytes, and cut.
    let content = content.get(..content.len() / 2 * 2)?;
    let (text, damaged) = encoding.decode_without_bom_handling(content);
    (!damaged && !content.is_empty()).then(|| text.into_owned())
}

/// Whether text of UTF-16 has its zeros where Latin letters, digits and blanks have them in big-endian order, which is
/// what no mark means (RFC 2781, section 4.3) though browsers read it as little-endian.
fn is_big_endian(bytes: &[u8]) -> bool {
    let zeros = |place: usize| bytes.iter().skip(place).step_by(2).take(500).filter(|byte| **byte == 0).count();
    zeros(0) > zeros(1)
}

fn strip_utf16_bom<'a>(bytes: &'a [u8], encoding: &'static Encoding) -> &'a [u8] {
    let mark: &[u8] = match encoding {
        e if e == UTF_16LE => b"\xff\xfe",
        e if e == UTF_16BE => b"\xfe\xff",
        _ => return bytes,
    };
    bytes.strip_prefix(mark).unwrap_or(bytes)
}

/// Whether bytes hold characters of UTF-8 and nothing that is not: in another charset, such text would be nonsense.
fn is_surely_utf8(bytes: &[u8]) -> bool {
    !bytes.is_ascii()
        && std::str::from_utf8(bytes).is_ok_and(|text| !text.chars().any(|c| matches!(c, '\u{80}'..='\u{9f}')))
}

/// The charset a page names for itself in a `<meta>` within its first 1,024 bytes (WHATWG HTML, section 13.2.3.2). UTF-16
/// it cannot be: then these bytes would not say so; nor one of single bytes when all of it is UTF-8, into which a host or
/// a program on the way may have turned it.
pub(crate) fn of_page(page: &[u8]) -> Option<String> {
    const MAX_BYTES: usize = 1024;
    let head = String::from_utf8_lossy(page.get(..MAX_BYTES).unwrap_or(page)).to_ascii_lowercase();
    head.split("<meta")
        .skip(1)
        .find_map(|tag| {
            let (_, value) = tag.split('>').next()?.split_once("charset")?;
            let value = value.trim_start().strip_prefix('=')?.trim_start().trim_start_matches(['"', '\'']);
            let label = value.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ';' | '/')).next()?;
            (!label.is_empty() && !label.starts_with("utf-16")).then(|| label.to_owned())
        })
        .filter(|label| {
            let single = Encoding::for_label(label.as_bytes()).is_some_and(Encoding::is_single_byte);
            !(single && is_surely_utf8(page))
        })
}

/// Decodes bytes about which nothing is known.
pub(crate) fn decode_unlabelled(bytes: &[u8]) -> String {
    decode_as(bytes, || guess(iter::once(bytes), || None))
}

/// Whether bytes are text as they stand: ASCII, and nothing in it that shifts to another charset.
pub(crate) fn is_plain_ascii(bytes: &[u8]) -> bool {
    bytes.is_ascii() && memchr::memchr2(older::ESCAPE, older::SHIFT_OUT, bytes).is_none()
}

/// Decodes bytes that are read as the charset `otherwise` gives where they are not UTF-8.
pub(crate) fn decode_as(bytes: &[u8], otherwise: impl FnOnce() -> &'static Encoding) -> String {
    if let Some(text) = marked_utf16(bytes) {
        return text;
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) if is_plain_ascii(bytes) => text.to_owned(),
        Ok(_) if older::is_iso_2022_kr(bytes) => older::decode_iso_2022_kr(bytes),
        Ok(_) if looks_like_iso_2022_jp(bytes) => into_text(ISO_2022_JP, bytes),
        Ok(text) => text.to_owned(),
        Err(_) => into_text(otherwise(), bytes),
    }
}

/// The likeliest charset of those `samples` that are not UTF-8, which one program wrote: UTF-8 that was cut or damaged;
/// `hint`, what else of the mail is written in, when it says something and all can be read so; else what browsers guess
/// for pages without a charset.
pub(crate) fn guess<'a>(
    samples: impl Iterator<Item = &'a [u8]> + Clone,
    hint: impl FnOnce() -> Option<&'static Encoding>,
) -> &'static Encoding {
    /// How many bytes are looked at, in all.
    const MAX_BYTES: usize = 64 * 1024;
    let mut room = MAX_BYTES;
    let samples: Vec<&[u8]> = samples
        .filter(|sample| !sample.is_ascii() && std::str::from_utf8(sample).is_err())
        .filter_map(|sample| {
            let foreign = sample.iter().position(|byte| !byte.is_ascii()).unwrap_or_default();
            // A little of what stands before it: a letter after another is not one at the start of a word.
            let sample = sample.get(foreign.saturating_sub(16)..)?;
            let sample = sample.get(..room).unwrap_or(sample);
            room -= sample.len();
            Some(sample)
        })
        .collect();
    if samples.is_empty() {
        return WINDOWS_1252;
    }
    if samples.iter().all(|sample| is_damaged_utf8(sample)) {
        return UTF_8;
    }
    if let Some(hint) = hint().filter(|hint| ![UTF_8, WINDOWS_1252, UTF_16LE, UTF_16BE].contains(hint))
        && samples.iter().all(|sample| hint.decode_without_bom_handling_and_without_replacement(sample).is_some())
    {
        return hint;
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    for piece in samples.into_iter().flat_map(foreign_pieces) {
        detector.feed(piece, false);
        // Nothing of one piece goes on in the next.
        detector.feed(b"\n", false);
    }
    detector.feed(b"", true);
    detector.guess(None, Utf8Detection::Deny)
}

/// The pieces of a text that have bytes beyond ASCII, each with a little of what stands around: the detector walks all it
/// gets with dozens of charsets, and learns nothing from the rest.
fn foreign_pieces(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    /// Bytes of ASCII kept on both sides.
    const AROUND: usize = 16;
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = text.get(at..)?;
        let first = at + rest.iter().position(|byte| !byte.is_ascii())?;
        let mut end = first + 1;
        while let Some(next) = text.get(end..)?.iter().take(2 * AROUND).position(|byte| !byte.is_ascii()) {
            end += next + 1;
        }
        let start = first.saturating_sub(AROUND).max(at);
        at = text.len().min(end + AROUND);
        text.get(start..at)
    })
}

/// Whether the first character beyond ASCII is one of UTF-8.
fn begins_as_utf8(bytes: &[u8]) -> bool {
    /// The longest character, in bytes.
    const MAX_BYTES: usize = 4;
    if bytes.is_ascii() {
        return false;
    }
    let first = bytes.iter().position(|byte| !byte.is_ascii()).and_then(|at| bytes.get(at..)).unwrap_or_default();
    let first = first.get(..MAX_BYTES).unwrap_or(first);
    first.utf8_chunks().next().is_some_and(|chunk| !chunk.valid().is_empty())
}

/// Whether nearly all of it is UTF-8; a character cut at the end counts for neither side. Other charsets have such
/// sequences by chance alone, though Thai and Japanese have many.
fn is_damaged_utf8(bytes: &[u8]) -> bool {
    let (mut whole, mut stray) = (0, 0);
    let mut chunks = bytes.utf8_chunks().peekable();
    while let Some(chunk) = chunks.next() {
        whole += chunk.valid().bytes().filter(|byte| !byte.is_ascii()).count();
        stray += if chunks.peek().is_some() { chunk.invalid().len() } else { 0 };
    }
    whole > 4 * stray
}

fn into_text(encoding: &'static Encoding, bytes: &[u8]) -> String {
    let content = without_idle_escapes(bytes, encoding);
    let (text, _) = encoding.decode_without_bom_handling(&content);
    text.into_owned()
}

/// ISO-2022-JP without the escapes that another one follows at once, which browsers take for an attack and show as a
/// replacement character. In mail they stand wherever two encoded words or lines meet: each ends in ASCII.
fn without_idle_escapes<'a>(bytes: &'a [u8], encoding: &'static Encoding) -> Cow<'a, [u8]> {
    const ESCAPES: [&[u8]; 5] = [b"\x1b(B", b"\x1b(J", b"\x1b(I", b"\x1b$B", b"\x1b$@"];
    if encoding != ISO_2022_JP || memchr::memmem::find(bytes, b"\x1b").is_none() {
        return Cow::Borrowed(bytes);
    }
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = memchr::memchr(b'\x1b', rest) {
        let (text, escaped) = rest.split_at(at);
        out.extend_from_slice(text);
        let escape = ESCAPES.iter().find_map(|escape| Some((escape, escaped.strip_prefix(*escape)?)));
        rest = if let Some((escape, after)) = escape {
            if ESCAPES.iter().all(|next| !after.starts_with(next)) {
                out.extend_from_slice(escape);
            }
            after
        } else {
            out.push(b'\x1b');
            escaped.get(1..).unwrap_or_default()
        };
    }
    out.extend_from_slice(rest);
    Cow::Owned(out)
}

/// Whether ASCII holds what shifts to another charset.
fn has_shifts(bytes: &[u8]) -> bool {
    !is_plain_ascii(bytes) && bytes.is_ascii() && (looks_like_iso_2022_jp(bytes) || older::is_iso_2022_kr(bytes))
}

fn looks_like_iso_2022_jp(bytes: &[u8]) -> bool {
    memchr::memchr(older::ESCAPE, bytes).is_some()
        && [b"\x1b$B", b"\x1b$@"].iter().any(|escape| memchr::memmem::find(bytes, *escape).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_label_is_believed_where_it_can_be_true() {
        for (bytes, label, text) in [
            (&b"caf\xe9"[..], "iso-8859-1", "café"),
            (b"caf\xe9", "\"ISO-8859-1\"", "café"),
            (b"\x83n\x83\x8D\x81[", "Shift_JIS", "ハロー"),
            (b"\xbf\xe0\xd8\xd2\xd5\xe2", "iso-8859-5", "Привет"),
            (b"\xc4\xe3\xba\xc3", "gb2312", "你好"),
            (b"\xa7A\xa6n", "big5", "你好"),
            (b"\xbe\xc8\xb3\xe7", "ks_c_5601-1987", "안녕"),
            (b"\xff\xfeh\0i\0", "utf-16", "hi"),
            (b"\0h\0i", "utf-16be", "hi"),
            (b"\xe9\xe0", "windows-1255", "יא"),
            (b"\x93quoted\x94", "iso-8859-1", "“quoted”"),
            (b"Hi Mom -+Jjo--!", "utf-7", "Hi Mom -☺-!"),
            (b"+BDQEMA, +BD0ENQRC. 1+-1 +2D3eAA", "unicode-1-1-utf-7", "да, нет. 1+1 😀"),
            (
                b"\xe4\xe0, \xee\xed\xe0 \xef\xf0\xe8\xe4\xb8\xf2 \xe7\xe0\xe2\xf2\xf0\xe0",
                "x-user-defined",
                "да, она придёт завтра",
            ),
            (b"\x82", "ibm850", "é"),
            (b"\x82\x9b", "cp437", "é¢"),
            (b"\x88\xd5", "IBM-852", "łŇ"),
            (b"\xd5", "ibm00858", "€"),
            (b"\x83n\x83\x8D\x81[", "CP932", "ハロー"),
            (b"\xbe\xc8\xb3\xe7", "cp949", "안녕"),
            (b"~{VPND~} ok", "hz-gb-2312", "中文 ok"),
            (b"\x1b$B%O\x1b(B\x1b$B%m!<\x1b(B\x1b(J.", "iso-2022-jp", "ハロー."),
            (b"\x1b$B%O\x1b(B\x1b$B%m!<\x1b(B", "cp50221", "ハロー"),
        ] {
            assert_eq!(decode(bytes, Some(label)), text, "{label}");
        }
    }

    #[test]
    fn a_wrong_or_missing_label_is_seen_through() {
        for label in [None, Some("us-ascii"), Some("utf-8"), Some("iso-8859-1"), Some("x-unknown"), Some("iso-2022-kr")]
        {
            assert_eq!(decode("café".as_bytes(), label), "café", "{label:?}");
            assert_eq!(decode(b"caf\xe9 \x80", label), "café €", "{label:?}");
        }
        for label in ["gb2312", "iso-2022-jp", "euc-kr", "utf-16"] {
            assert_eq!(decode(b"plain", Some(label)), "plain", "{label}");
        }
        // Bytes that cannot be what the label says, but are UTF-8.
        assert_eq!(decode("Grüße, ça".as_bytes(), Some("iso-2022-jp")), "Grüße, ça");
        assert_eq!(decode(b"\xef\xbb\xbfcaf\xc3\xa9", Some("windows-1252")), "café");
        assert_eq!(decode(b"\x1b$B%O%m!<\x1b(B", None), "ハロー");
        assert_eq!(decode(b"caf\xc3\xa9 \xff\xfe\xb1\xb2", Some("utf-8")), "café \u{fffd}\u{fffd}\u{fffd}\u{fffd}");
        assert_eq!(decode("naïve \u{20ac}".as_bytes().split_last().expect("not empty").1, None), "naïve \u{fffd}");
    }

    /// Subjects and a line of text in the charsets that were in use before UTF-8, as programs send them that name none.
    #[test]
    fn old_charsets_are_recognised_by_their_bytes() {
        let mut missed = Vec::new();
        for (label, text) in [
            ("windows-1251", "Узнай как зарабатывать от 1000$ в неделю!"),
            ("windows-1251", "Счёт на оплату"),
            ("koi8-r", "Рекреативное агентство приглашает"),
            ("koi8-r", "Re: вопрос по договору"),
            ("windows-1251", "Рахунок за електроенергію"),
            ("gbk", "邮件传输失败！"),
            ("gbk", "我公司可代开各类增值税发票"),
            ("big5", "會議紀錄，請查收附件"),
            ("shift_jis", "ご注文ありがとうございます"),
            ("euc-jp", "お問い合わせの件について"),
            ("euc-kr", "회의 일정 변경 안내"),
            ("windows-1250", "Zażółć gęślą jaźń, proszę o odpowiedź"),
            ("iso-8859-2", "Příliš žluťoučký kůň úpěl ďábelské ódy"),
            ("windows-1253", "Παρακαλώ απαντήστε στο μήνυμα"),
            (
                "windows-1254",
                "Siparişiniz alındı, ödemeniz için teşekkürler; yarın kargoya verilecek, takip numaranız aşağıda",
            ),
            ("windows-1255", "שלום, מצורפת החשבונית"),
            ("windows-1256", "مرحبا، يرجى الرد على هذه الرسالة"),
            ("windows-874", "ขอบคุณสำหรับคำสั่งซื้อของคุณ"),
            ("windows-1257", "Ačiū už jūsų laišką, atsakysime greitai"),
            ("windows-1252", "Emagreça agora"),
            ("windows-1252", "Rückfrage zu Ihrem Angebot für Möbel"),
            ("windows-1252", "Déjà reçu ? Référence nº 12"),
            ("windows-1252", "¿Cuándo llegará mi pedido, señor?"),
            ("windows-1252", "“Quoted” – that’s it"),
            ("windows-1252", "Blåbærsyltetøy på frokosten"),
        ] {
            let (bytes, _, unmappable) = Encoding::for_label(label.as_bytes()).expect("a label").encode(text);
            assert!(!unmappable, "{text}");
            let read = decode(&bytes, None);
            if read != text {
                missed.push(format!("{label}: {read} instead of {text}"));
            }
        }
        assert!(missed.is_empty(), "{missed:#?}");
    }

    #[test]
    fn a_page_may_name_its_charset_itself() {
        for (page, label) in [
            (
                "<html><head><META http-equiv=Content-Type content=\"text/html; charset=windows-1251\">",
                Some("windows-1251"),
            ),
            ("<meta name=a><meta charset = 'KOI8-R'/>", Some("koi8-r")),
            ("<meta charset=utf-16>", None),
            ("<meta charset=windows-1251>café", None),
            ("<meta charset=gb2312>café", Some("gb2312")),
            ("<p>charset=koi8-r</p>", None),
            ("<meta charset", None),
        ] {
            assert_eq!(of_page(page.as_bytes()).as_deref(), label, "{page}");
        }
    }

    #[test]
    fn one_charset_for_what_one_program_wrote() {
        let (greeting, _, _) = encoding_rs::GBK.encode("你好");
        let samples = || [&b"Ada"[..], &greeting].into_iter();
        assert_eq!(guess(samples(), || Some(encoding_rs::GBK)), encoding_rs::GBK);
        // What cannot be is not believed, and what is always said says nothing.
        assert_eq!(guess([&b"caf\xe9 "[..]].into_iter(), || Some(encoding_rs::EUC_KR)), WINDOWS_1252);
        assert_eq!(guess([&b"caf\xe9"[..]].into_iter(), || Some(UTF_8)), WINDOWS_1252);
        assert_eq!(guess(["Grüße\u{20ac}".as_bytes().split_last().expect("not empty").1].into_iter(), || None), UTF_8);
    }

    /// The labels of <https://encoding.spec.whatwg.org/#names-and-labels>, apart from those of `replacement`.
    #[test]
    fn every_whatwg_label_is_known() {
        let labels = include_str!("charset/whatwg-labels.txt");
        assert_eq!(labels.split_whitespace().count(), 222);
        for label in labels.split_whitespace() {
            assert!(Encoding::for_label(label.as_bytes()).is_some_and(|e| e != REPLACEMENT), "{label}");
            let word = format!("=?{label}?Q?a=C3?=");
            assert_eq!(crate::header::decode_words(&word), decode(b"a\xc3", Some(label)), "{label}");
        }
    }
}
