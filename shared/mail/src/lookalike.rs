//! Domains made to be taken for another one.

/// Whether `domain` is none of `known` but reads like one of them.
pub(crate) fn looks_like_one_of(domain: &str, known: &[&str]) -> bool {
    let own = domain.to_ascii_lowercase();
    let is_known = |k: &&str| {
        let k = k.to_ascii_lowercase();
        own == k || own.strip_suffix(&k).is_some_and(|head| head.ends_with('.'))
    };
    if own.is_empty() || known.iter().any(is_known) {
        return false;
    }
    let skeleton_of_own = skeleton(&own);
    known.iter().any(|k| skeleton(k) == skeleton_of_own)
}

/// Domains that read alike have the same skeleton (the idea of Unicode TS 39, section 4, for the characters that are
/// used for it in practice).
fn skeleton(domain: &str) -> String {
    let labels: Vec<String> =
        domain.to_lowercase().split('.').map(|label| label_skeleton(&to_unicode(label))).collect();
    labels.join(".")
}

fn label_skeleton(label: &str) -> String {
    let mut out = String::with_capacity(label.len());
    for c in label.chars() {
        match c {
            'а' | 'á' | 'à' | 'ä' | 'â' | 'ã' | 'å' | 'ɑ' | 'α' | 'ạ' => out.push('a'),
            'ь' | 'ƅ' => out.push('b'),
            'с' | 'ç' | 'ϲ' | 'ć' => out.push('c'),
            'ԁ' | 'ɗ' | 'đ' => out.push('d'),
            'е' | 'é' | 'è' | 'ë' | 'ê' | 'ė' | 'ẹ' | 'ё' => out.push('e'),
            'ɡ' | 'ġ' => out.push('g'),
            'һ' | 'ħ' => out.push('h'),
            'і' | 'í' | 'ì' | 'ï' | 'î' | 'ı' | 'ι' | 'ӏ' | 'ł' | 'ḷ' | '1' | 'i' => out.push('l'),
            'ј' => out.push('j'),
            'κ' | 'к' => out.push('k'),
            'ո' | 'ñ' | 'ń' | 'п' => out.push('n'),
            'о' | 'ó' | 'ò' | 'ö' | 'ô' | 'õ' | 'ø' | 'ο' | 'σ' | 'ọ' | '0' => out.push('o'),
            'р' | 'ρ' => out.push('p'),
            'ԛ' => out.push('q'),
            'г' => out.push('r'),
            'ѕ' | 'ś' | 'ş' | 'š' | '5' => out.push('s'),
            'т' | 'τ' => out.push('t'),
            'υ' | 'ú' | 'ù' | 'ü' | 'û' | 'ս' => out.push('u'),
            'ν' | 'ѵ' => out.push('v'),
            'ѡ' | 'ԝ' | 'ω' => out.push('w'),
            'х' | 'χ' => out.push('x'),
            'у' | 'ý' | 'ÿ' | 'γ' => out.push('y'),
            'ʐ' | 'ž' | 'ź' | 'ż' => out.push('z'),
            '-' | '_' => {}
            c => out.push(c),
        }
    }
    out.replace("rn", "m").replace("vv", "w").replace("cl", "d")
}

/// A label with its Punycode decoded (RFC 3492); as it stands where that fails.
fn to_unicode(label: &str) -> String {
    label.strip_prefix("xn--").and_then(punycode).unwrap_or_else(|| label.to_owned())
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
        let known = ["example.com", "morgan-bank.com", "paypal.com"];
        for domain in [
            "examp1e.com",
            "exarnple.com",
            "exаmple.com",
            "xn--exmple-4nf.com",
            "paypa1.com",
            "paypai.com",
            "morganbank.com",
        ] {
            assert!(looks_like_one_of(domain, &known), "{domain}");
        }
        for domain in ["example.com", "mail.example.com", "EXAMPLE.com", "other.com", "example.org", "", "xn--a-ecp.ru"]
        {
            assert!(!looks_like_one_of(domain, &known), "{domain}");
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
