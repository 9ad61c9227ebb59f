//! Names of files, made safe: never a path, never a device, never a trick of the eye.

/// The longest name given out, in bytes.
const MAX_BYTES: usize = 200;

/// A name that is safe to save a file under on every common system and reads as what it is, or none when nothing is
/// left of it.
pub fn sanitize(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = last
        .chars()
        .filter(|c| !c.is_control() && !is_invisible(*c))
        .map(|c| if matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*') { '_' } else { c })
        .collect();
    let mut clean = clean.trim_start_matches(['.', ' ']).trim_end_matches(['.', ' ']).to_owned();
    if clean.is_empty() {
        return None;
    }
    if is_device(clean.split('.').next().unwrap_or_default()) {
        clean.insert(0, '_');
    }
    Some(shorten(clean))
}

/// Characters that a reader does not see: bidirectional controls, zero-width ones, tags.
pub(crate) const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// Device names of Windows, which open a device whatever the extension.
fn is_device(stem: &str) -> bool {
    let stem = stem.trim_end().to_ascii_uppercase();
    match stem.as_str() {
        "CON" | "PRN" | "AUX" | "NUL" | "CLOCK$" | "CONIN$" | "CONOUT$" => true,
        other => {
            let number = other.strip_prefix("COM").or_else(|| other.strip_prefix("LPT"));
            number.is_some_and(|n| {
                matches!(n, "¹" | "²" | "³") || (n.len() == 1 && n.bytes().all(|b| b.is_ascii_digit()))
            })
        }
    }
}

/// Cuts a long name in its middle, so that the extension stays.
fn shorten(name: String) -> String {
    if name.len() <= MAX_BYTES {
        return name;
    }
    let extension = name.rfind('.').map(|dot| &name[dot..]).filter(|e| e.len() <= 20).unwrap_or_default();
    let mut end = MAX_BYTES - extension.len();
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{extension}", &name[..end])
}

/// The usual extension of a media type, for files that came without a name.
pub(crate) fn extension_of(media_type: &str) -> &'static str {
    match media_type {
        "application/pdf" => "pdf",
        "application/zip" => "zip",
        "application/json" => "json",
        "image/jpeg" => "jpg",
        "image/png" => "png",
        "image/gif" => "gif",
        "image/svg+xml" => "svg",
        "message/rfc822" | "message/global" => "eml",
        "text/calendar" => "ics",
        "text/html" => "html",
        "text/csv" => "csv",
        "text/vcard" => "vcf",
        other if other.starts_with("text/") || other.starts_with("message/") => "txt",
        _ => "bin",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dangerous_names_become_harmless() {
        for (name, expected) in [
            ("report.pdf", "report.pdf"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Windows\\cmd.exe", "cmd.exe"),
            ("invoice\u{202e}fdp.exe", "invoicefdp.exe"),
            ("a\r\nb\0.txt", "ab.txt"),
            ("CON.txt", "_CON.txt"),
            ("lpt1", "_lpt1"),
            (".htaccess", "htaccess"),
            ("a<b>:c?.txt", "a_b__c_.txt"),
            ("Grüße, 2026.pdf", "Grüße, 2026.pdf"),
            ("name. . ", "name"),
        ] {
            assert_eq!(sanitize(name).as_deref(), Some(expected), "{name:?}");
        }
        for empty in ["", "..", "/", "\u{200b}", " . "] {
            assert_eq!(sanitize(empty), None, "{empty:?}");
        }
        let long = sanitize(&format!("{}.pdf", "é".repeat(500))).expect("a name");
        assert!(long.len() <= MAX_BYTES && long.ends_with("é.pdf"));
    }
}
