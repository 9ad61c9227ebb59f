//! Domains made to be taken for another one.

use std::{borrow::Cow, cell::OnceCell};

use actionlayer_domain::public_suffix::{is_same_organisation, organisation};

/// Names shorter than this are too often one letter from another honest one.
const MIN_TYPO_CHARS: usize = 7;
/// Names shorter than this are often a word in another one.
const MIN_EMBEDDED_CHARS: usize = 5;
/// Known domains compared; more are not asked.
const MAX_KNOWN: usize = 5_000;

/// Words put beside a name to pass for it.
const LURES: [&str; 30] = [
    "account",
    "accounting",
    "accounts",
    "admin",
    "alert",
    "billing",
    "customer",
    "finance",
    "help",
    "helpdesk",
    "hr",
    "invoice",
    "invoices",
    "login",
    "mail",
    "notice",
    "office",
    "online",
    "pay",
    "payment",
    "payments",
    "portal",
    "secure",
    "security",
    "service",
    "services",
    "support",
    "team",
    "update",
    "verify",
];

/// Whether `domain` belongs to none of `known` but reads like one of them:
///
/// - the same to the eye: confusable letters, digits for letters, a hyphen more or less;
/// - one slip of the fingers away in a name of at least seven letters under the same suffix;
/// - the name with a lure beside it (`example-billing.com`);
/// - the whole known domain within a longer one (`example.com.evil.net`, `login.example.com-secure.net`).
///
/// The same name under another suffix is not one of them: honest firms have `example.com` and `example.de`. Only the slips
/// `.cm`, `.om` and `.co` for `.com` count.
pub(crate) fn looks_like_one_of(domain: &str, known: &[&str]) -> bool {
    let own = domain.trim_end_matches('.').to_lowercase();
    let known = &known[..known.len().min(MAX_KNOWN)];
    if own.is_empty() || known.iter().any(|known| is_same_organisation(&own, known)) {
        return false;
    }
    let Some(own_name) = Name::of(organisation(&own)) else { return false };
    known.iter().any(|known| {
        let known = known.to_lowercase();
        let known = organisation(&known);
        Name::of(known).is_some_and(|name| own_name.reads_like(&name) || own_name.holds(&own, known, &name))
    })
}

/// Whether the display name of an author at `domain` is an address at one of `known`: `ceo@example.com`, or with a name
/// before it, `Ada <ceo@example.com>`, `Ada (ceo@example.com)`. Other words around an address (`… via a list`,
/// `… (a service)`) say whose name it is.
pub(crate) fn name_is_address_of_one(name: &str, domain: &str, known: &[&str]) -> bool {
    // Beyond ASCII, other characters are read as an `@`.
    if name.is_ascii() && !name.contains('@') {
        return false;
    }
    let name: String = name.chars().map(narrow).collect();
    let name = name.trim().trim_matches(['"', '\'', '“', '”', '‘', '’']).trim_end();
    let in_brackets = |(open, close)| str::strip_suffix(name, close)?.rsplit_once::<char>(open);
    let inner = [('<', '>'), ('(', ')'), ('[', ']')].into_iter().find_map(in_brackets).map_or(name, |(_, inner)| inner);
    let address = inner.trim_matches(|c: char| !c.is_alphanumeric()).replace(" @", "@").replace("@ ", "@");
    let Some((local, claimed)) = address.rsplit_once('@') else { return false };
    if local.is_empty() || address.contains(char::is_whitespace) {
        return false;
    }
    let (own, claimed) = (domain.to_lowercase(), claimed.to_lowercase());
    let belongs = |domain: &str| {
        let known = known.iter().take(MAX_KNOWN);
        known.into_iter().any(|known| is_same_organisation(domain, known))
    };
    // Letters of another script pass for those of the domain as well in a name as in an address, there under a suffix, too.
    let reads_as_one = || {
        let claimed = label_skeleton(&claimed);
        let mut known = known.iter().take(MAX_KNOWN).map(|known| label_skeleton(&organisation(known).to_lowercase()));
        known.any(|known| claimed.strip_suffix(&known).is_some_and(|sub| sub.is_empty() || sub.ends_with('.')))
    };
    (belongs(&claimed) || looks_like_one_of(&claimed, known) || (!claimed.is_ascii() && reads_as_one()))
        && !belongs(own.trim_end_matches('.'))
}

/// A full-width or mathematical character, or another that is read as an `@` or a dot, as the plain one.
fn narrow(c: char) -> char {
    /// Where the mathematical letters begin, each style with its capitals and its small letters.
    const STYLES: u32 = 0x1d400;
    match c {
        '\u{1d400}'..='\u{1d6a3}' => {
            let place = u8::try_from((u32::from(c) - STYLES) % 52).unwrap_or_default();
            char::from(if place < 26 { b'A' + place } else { b'a' + place - 26 })
        }
        '\u{ff01}'..='\u{ff5e}' => u32::from(c).checked_sub(0xfee0).and_then(char::from_u32).unwrap_or(c),
        '﹫' => '@',
        '。' | '｡' | '․' => '.',
        '\u{3000}' => ' ',
        c => c,
    }
}

/// The part of a domain that its owner chose, and the suffix it stands under.
struct Name<'a> {
    label: Cow<'a, str>,
    suffix: &'a str,
    /// Of the label, once somebody asked.
    skeleton: OnceCell<String>,
}

impl<'a> Name<'a> {
    /// Of what [`organisation`] gives.
    fn of(organisation: &'a str) -> Option<Self> {
        let (label, suffix) = organisation.split_once('.')?;
        Some(Self { label: to_unicode(label), suffix, skeleton: OnceCell::new() })
    }

    fn skeleton(&self) -> &str {
        self.skeleton.get_or_init(|| label_skeleton(&self.label))
    }

    fn reads_like(&self, known: &Self) -> bool {
        if self.suffix != known.suffix {
            let is_slip = known.suffix == "com" && matches!(self.suffix, "cm" | "om" | "co");
            return is_slip && self.skeleton() == known.skeleton();
        }
        self.skeleton() == known.skeleton()
            || (known.label.chars().count() >= MIN_TYPO_CHARS && is_one_slip(&self.label, &known.label))
            || self.has_lure_beside(known)
    }

    /// Whether the whole known domain stands in `own`, the host this is the name of, with more behind it.
    fn holds(&self, own: &str, domain: &str, known: &Self) -> bool {
        // `example.com.au` is the same name under another suffix.
        let is_longer = own.len() > domain.len() && own.contains(domain);
        if !is_longer || known.label.chars().count() < MIN_EMBEDDED_CHARS || self.label == known.label {
            return false;
        }
        let ends_word = |text: &str| text.is_empty() || text.ends_with(['.', '-']);
        own.match_indices(domain).any(|(at, _)| {
            let (before, rest) = own.split_at(at);
            let after = rest.strip_prefix(domain).unwrap_or_default();
            ends_word(before) && after.starts_with(['.', '-'])
        })
    }

    fn has_lure_beside(&self, known: &Self) -> bool {
        if known.skeleton().chars().count() < MIN_EMBEDDED_CHARS {
            return false;
        }
        let beside = self.label.strip_prefix(&*known.label).or_else(|| self.label.strip_suffix(&*known.label));
        beside.is_some_and(|word| LURES.binary_search(&word.trim_matches('-')).is_ok())
    }
}

/// Whether one letter was added, left out, changed or swapped with its neighbour. Numbers that differ are names that
/// differ: `host1` and `host2`.
fn is_one_slip(one: &str, other: &str) -> bool {
    let one: Vec<char> = one.chars().collect();
    let other: Vec<char> = other.chars().collect();
    let (short, long) = if one.len() <= other.len() { (&one, &other) } else { (&other, &one) };
    let same_start = short.iter().zip(long.iter()).take_while(|(x, y)| x == y).count();
    let (short, long) = (&short[same_start..], &long[same_start..]);
    let same_end = short.iter().rev().zip(long.iter().rev()).take_while(|(x, y)| x == y).count();
    let (short, long) = (&short[..short.len() - same_end], &long[..long.len() - same_end]);
    match (short, long) {
        ([], [added]) => !added.is_ascii_digit(),
        ([from], [to]) => !(from.is_ascii_digit() && to.is_ascii_digit()),
        ([first, second], swapped) => swapped == [*second, *first],
        _ => false,
    }
}

fn label_skeleton(label: &str) -> String {
    let mut out = String::with_capacity(label.len());
    for c in label.chars() {
        match c {
            'а' | 'á' | 'à' | 'ä' | 'â' | 'ã' | 'å' | 'ā' | 'ă' | 'ą' | 'ǎ' | 'ạ' | 'ả' | 'ấ' | 'ầ' | 'ẩ' | 'ẫ'
            | 'ậ' | 'ắ' | 'ằ' | 'ẳ' | 'ẵ' | 'ặ' | 'ɑ' | 'α' | 'ａ' => out.push('a'),
            'ь' | 'ƅ' | 'ъ' | 'б' | 'ƀ' | 'Ь' | 'ｂ' => out.push('b'),
            'с' | 'ç' | 'ϲ' | 'ć' | 'ĉ' | 'ċ' | 'č' | 'ⅽ' | 'ｃ' => out.push('c'),
            'ԁ' | 'ɗ' | 'đ' | 'ď' | 'ḍ' | 'ⅾ' | 'ｄ' => out.push('d'),
            'е' | 'é' | 'è' | 'ë' | 'ê' | 'ė' | 'ẹ' | 'ё' | 'ę' | 'ē' | 'ĕ' | 'ě' | 'ẻ' | 'ẽ' | 'ế' | 'ề' | 'ể'
            | 'ễ' | 'ệ' | 'ҽ' | 'ε' | 'ｅ' => out.push('e'),
            'ƒ' | 'ſ' | 'ẝ' | 'ｆ' => out.push('f'),
            'ɡ' | 'ġ' | 'ğ' | 'ĝ' | 'ģ' | 'ǧ' | 'ց' | 'ｇ' => out.push('g'),
            'һ' | 'ħ' | 'ĥ' | 'հ' | 'ḥ' | 'ｈ' => out.push('h'),
            'і' | 'í' | 'ì' | 'ï' | 'î' | 'ı' | 'ι' | 'ӏ' | 'ł' | 'ḷ' | '1' | 'i' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ỉ'
            | 'ị' | 'ї' | 'ľ' | 'ĺ' | 'ļ' | 'ⅰ' | 'ⅼ' | 'ǀ' | '|' | '!' | 'ｌ' | 'ｉ' => out.push('l'),
            'ј' | 'ϳ' | 'ĵ' | 'ｊ' => out.push('j'),
            'κ' | 'к' | 'ķ' | 'ƙ' | 'ĸ' | 'ｋ' => out.push('k'),
            'м' | 'ⅿ' | 'ṃ' | 'ｍ' => out.push('m'),
            'ո' | 'ñ' | 'ń' | 'п' | 'ņ' | 'ň' | 'ŋ' | 'η' | 'ｎ' => out.push('n'),
            'о' | 'ó' | 'ò' | 'ö' | 'ô' | 'õ' | 'ø' | 'ο' | 'σ' | 'ọ' | 'ō' | 'ŏ' | 'ő' | 'ơ' | 'ỏ' | 'ố' | 'ồ'
            | 'ổ' | 'ỗ' | 'ộ' | 'ớ' | 'ờ' | 'ở' | 'ỡ' | 'ợ' | 'ס' | 'օ' | '0' | 'ｏ' => {
                out.push('o');
            }
            'р' | 'ρ' | 'ƿ' | 'ｐ' => out.push('p'),
            'ԛ' | 'գ' | 'զ' | 'ｑ' => out.push('q'),
            'г' | 'ŕ' | 'ŗ' | 'ř' | 'ｒ' => out.push('r'),
            'ѕ' | 'ś' | 'ş' | 'š' | 'ŝ' | 'ș' | 'ƽ' | '5' | 'ｓ' => out.push('s'),
            'т' | 'τ' | 'ţ' | 'ť' | 'ŧ' | 'ț' | 'ｔ' => out.push('t'),
            'υ' | 'ú' | 'ù' | 'ü' | 'û' | 'ս' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' | 'ư' | 'ụ' | 'ủ' | 'ũ' | 'ц' | 'ｕ' =>
            {
                out.push('u');
            }
            'ν' | 'ѵ' | 'ⅴ' | 'ṿ' | 'ｖ' => out.push('v'),
            'ѡ' | 'ԝ' | 'ω' | 'ŵ' | 'ш' | 'ｗ' => out.push('w'),
            'х' | 'χ' | 'ⅹ' | 'ｘ' => out.push('x'),
            'у' | 'ý' | 'ÿ' | 'γ' | 'ŷ' | 'ү' | 'ỳ' | 'ỵ' | 'ỷ' | 'ỹ' | 'ｙ' => out.push('y'),
            'ʐ' | 'ž' | 'ź' | 'ż' | 'ƶ' | 'ｚ' => out.push('z'),
            'ƨ' => out.push('2'),
            'з' | 'ʒ' | 'ӡ' => out.push('3'),
            'ч' => out.push('4'),
            '-' | '_' => {}
            c => out.push(c),
        }
    }
    for (pair, one) in [("rn", "m"), ("vv", "w"), ("cl", "d")] {
        if out.contains(pair) {
            out = out.replace(pair, one);
        }
    }
    out
}

/// A host with the Punycode of its labels decoded.
pub(crate) fn host_to_unicode(host: &str) -> String {
    host.to_lowercase().split('.').map(to_unicode).collect::<Vec<_>>().join(".")
}

/// A label with its Punycode decoded (RFC 3492); as it stands where that fails.
fn to_unicode(label: &str) -> Cow<'_, str> {
    label.strip_prefix("xn--").and_then(punycode).map_or(Cow::Borrowed(label), Cow::Owned)
}

fn punycode(encoded: &str) -> Option<String> {
    const BASE: u32 = 36;
    let (basic, extended) = encoded.rsplit_once('-').unwrap_or(("", encoded));
    let mut out: Vec<char> = basic.chars().collect();
    let (mut n, mut i, mut bias) = (128_u32, 0_u32, 72_u32);
    let mut digits = extended.bytes().take(64);
    while digits.len() > 0 {
        let before = i;
        let mut weight = 1_u32;
        let mut k = BASE;
        loop {
            let digit = match digits.next()? {
                b @ b'a'..=b'z' => u32::from(b - b'a'),
                b @ b'0'..=b'9' => u32::from(b - b'0') + 26,
                _ => return None,
            };
            i = i.checked_add(digit.checked_mul(weight)?)?;
            let threshold = k.saturating_sub(bias).clamp(1, 26);
            if digit < threshold {
                break;
            }
            weight = weight.checked_mul(BASE - threshold)?;
            k += BASE;
        }
        let length = u32::try_from(out.len()).ok()? + 1;
        let mut delta = if before == 0 { (i - before) / 700 } else { (i - before) / 2 };
        delta += delta / length;
        let mut steps = 0;
        while delta > 455 {
            delta /= 35;
            steps += BASE;
        }
        bias = steps + 36 * delta / (delta + 38);
        n = n.checked_add(i / length)?;
        i %= length;
        out.insert(usize::try_from(i).ok()?, char::from_u32(n)?);
        i += 1;
    }
    Some(out.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lookalikes_are_found_and_others_left_alone() {
        assert!(LURES.is_sorted());
        let known = ["example.com", "morgan-bank.com", "paypal.com", "mail.customer.co.uk", "host1.net", "abc.org"];
        for domain in [
            "examp1e.com",
            "exarnple.com",
            "exаmple.com",
            "xn--exmple-4nf.com",
            "paypa1.com",
            "paypai.com",
            "morganbank.com",
            "exa-mple.com",
            "mail.examp1e.com",
            "exmaple.com",
            "exampel.com",
            "exampple.com",
            "exmple.com",
            "example.cm",
            "example.co",
            "example-billing.com",
            "secure-example.com",
            "examplesupport.com",
            "example.com.evil.net",
            "example.com-secure.net",
            "login.example.com-secure.net",
            "secure-example.com.evil.net",
            "customer.co.uk.evil.net",
            "custorner.co.uk",
            "èxample.com",
        ] {
            assert!(looks_like_one_of(domain, &known), "{domain}");
        }
        for domain in [
            "example.com",
            "mail.example.com",
            "EXAMPLE.com",
            "other.com",
            "example.org",
            "example.de",
            "",
            "xn--a-ecp.ru",
            "customer.co.uk",
            "news.customer.co.uk",
            "host2.net",
            "abd.org",
            "sampler.com",
            "example-of-things.com",
            "com",
            "localhost",
            "example.com.au",
            "mail.example.com.br",
            "notexample.com.evil.net",
            "example.community.net",
        ] {
            assert!(!looks_like_one_of(domain, &known), "{domain}");
        }
    }

    #[test]
    fn names_that_are_addresses() {
        let known = ["example.com", "bank.com"];
        let pretends = |name: &str, domain: &str| name_is_address_of_one(name, domain, &known);
        for name in [
            "ceo@bank.com",
            "'ceo@bank.com'",
            "CEO@Mail.Bank.com",
            "Ada <ceo@bank.com>",
            "<ceo@bank.com>",
            " x.y@example.com ",
            "Ada (ceo@bank.com)",
            "Ada [ceo@bank.com]",
            "ceo @ bank.com",
            "ceo@bаnk.cоm",
            "ceo@bank.cоm",
            "𝐜𝐞𝐨@𝐛𝐚𝐧𝐤.𝐜𝐨𝐦",
        ] {
            assert!(pretends(name, "evil.example"), "{name}");
            assert!(pretends(name, ""), "{name}");
            // Its own, and that of another who is known.
            assert!(!pretends(name, "bank.com"), "{name}");
            assert!(!pretends(name, "example.com"), "{name}");
        }
        for name in [
            "Ada",
            "ada@evil.example",
            "ada@bank.com via Sales",
            "ada@bank.com (Documents)",
            "@bank.com",
            "ada at bank.com",
            "",
        ] {
            assert!(!pretends(name, "evil.example"), "{name}");
        }
    }

    #[test]
    fn punycode_decodes() {
        assert_eq!(punycode("mnchen-3ya").as_deref(), Some("münchen"));
        assert_eq!(punycode("80ak6aa92e").as_deref(), Some("аррӏе"));
        assert_eq!(punycode("!"), None);
        assert_eq!(punycode("99999999"), None);
    }
}
