//! `parse_mode` HTML: what is read of it, or why it cannot be read. See "HTML style", core.telegram.org/bots/api.

/// The tags there are, without those for custom emoji.
const TAGS: [&str; 16] = [
    "b",
    "strong",
    "i",
    "em",
    "u",
    "ins",
    "s",
    "strike",
    "del",
    "span",
    "tg-spoiler",
    "a",
    "code",
    "pre",
    "blockquote",
    "br",
];

/// The text without markup.
pub(super) fn read(html: &str) -> Result<String, String> {
    let mut text = String::with_capacity(html.len());
    let mut open: Vec<(String, usize)> = Vec::new();
    let mut at = 0;
    while at < html.len() {
        let rest = &html[at..];
        if rest.starts_with('&') {
            let (c, length) = entity(rest);
            text.push_str(c);
            at += length;
        } else if let Some(tag) = rest.strip_prefix('<') {
            let end = tag.find('>').ok_or(format!("Unclosed start tag at byte offset {at}"))?;
            let tag = &tag[..end];
            if let Some(name) = tag.strip_prefix('/') {
                let (last, _) = open.pop().ok_or(format!("Unexpected end tag at byte offset {at}"))?;
                if !name.is_empty() && name.trim() != last {
                    return Err(format!(
                        "Unmatched end tag at byte offset {at}, expected \"</{last}>\", found \"</{name}>\""
                    ));
                }
            } else {
                let name = tag.split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
                if !TAGS.contains(&name.as_str()) || name == "br" {
                    return Err(format!("Unsupported start tag \"{name}\" at byte offset {at}"));
                }
                if name == "blockquote" && open.iter().any(|(open, _)| open == "blockquote") {
                    return Err(format!("Blockquotes can't be nested at byte offset {at}"));
                }
                open.push((name, at));
            }
            at += end + 2;
        } else {
            let end = rest.find(['<', '&']).unwrap_or(rest.len());
            text.push_str(&rest[..end]);
            at += end;
        }
    }
    match open.pop() {
        Some((name, _)) => Err(format!("Can't find end tag corresponding to start tag \"{name}\"")),
        None => Ok(text.trim().to_owned()),
    }
}

fn entity(text: &str) -> (&'static str, usize) {
    for (entity, c) in [("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"), ("&quot;", "\"")] {
        if text.starts_with(entity) {
            return (c, entity.len());
        }
    }
    ("&", 1)
}

/// In UTF-16 code units, as Telegram counts.
pub(super) fn length(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}
