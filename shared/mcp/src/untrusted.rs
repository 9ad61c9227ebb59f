//! What people outside wrote, made fit to be read by a model: without what a reader would not see, in bounded pieces,
//! with the hosts that links really lead to.

use serde::Serialize;
use url::Url;
use utoipa::ToSchema;

/// Names and subjects are cut here, in characters.
const MAX_LINE_CHARS: usize = 300;
const MAX_LINKS: usize = 20;
const MAX_URL_CHARS: usize = 200;

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) text: String,
    /// How many characters the whole text has.
    pub(crate) characters: usize,
    /// Where the next piece begins; none when this was the last.
    pub(crate) next_from_character: Option<usize>,
    /// How many characters were left out that nobody would see.
    pub(crate) invisible_characters: usize,
}

/// The piece of a text that begins at a character and has at most so many.
pub(crate) fn piece(text: &str, from_character: usize, max_characters: usize) -> Piece {
    let visible: String = text.chars().filter(|c| !is_invisible(*c)).collect();
    let characters = visible.chars().count();
    let invisible_characters = text.chars().count() - characters;
    let text: String = visible.chars().skip(from_character).take(max_characters).collect();
    let end = from_character.saturating_add(text.chars().count());
    Piece { text, characters, next_from_character: (end < characters).then_some(end), invisible_characters }
}

/// A short text in one line.
pub(crate) fn line(text: &str) -> String {
    let visible: String =
        text.chars().filter(|c| !is_invisible(*c)).map(|c| if c.is_control() { ' ' } else { c }).collect();
    match visible.char_indices().nth(MAX_LINE_CHARS) {
        Some((end, _)) => format!("{}…", &visible[..end]),
        None => visible,
    }
}

/// Characters a reader does not see: zero-width ones, overrides of direction, tags and fillers. The joiners U+200C and
/// U+200D stay; scripts and emoji need them.
fn is_invisible(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\t' | '\r'))
        || matches!(c,
            '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{180e}' | '\u{00ad}'
            | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// A link and where it leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Link {
    /// The host that would be asked, in ASCII: not what the text around the link says.
    host: String,
    url: String,
}

/// The links of a text, each once.
pub(crate) fn links(text: &str) -> Vec<Link> {
    let mut links: Vec<Link> = Vec::new();
    let mut rest = text;
    while let Some(at) = ["http://", "https://"].iter().filter_map(|scheme| rest.find(scheme)).min() {
        let found = rest.get(at..).unwrap_or_default();
        let end = found.find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '\'' | '`' | '|' | '\\'));
        let (url, after) = found.split_at(end.unwrap_or(found.len()));
        rest = after;
        let url = url.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '}', '*', '_']);
        let Some(host) = Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)) else { continue };
        let link = Link { host, url: url.chars().take(MAX_URL_CHARS).collect() };
        if !links.contains(&link) {
            links.push(link);
        }
        if links.len() == MAX_LINKS {
            break;
        }
    }
    links
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_a_text_are_the_whole_text_once() {
        let text = "äöü€😀".repeat(100);
        let (mut whole, mut from) = (String::new(), Some(0));
        while let Some(at) = from {
            let piece = piece(&text, at, 7);
            assert_eq!(piece.characters, 500);
            whole.push_str(&piece.text);
            from = piece.next_from_character;
        }
        assert_eq!(whole, text);
        assert_eq!(piece("short", 99, 7).text, "");
    }

    #[test]
    fn what_nobody_sees_is_left_out_and_counted() {
        let piece = piece("pay\u{200b} me\u{e0041}\u{e0042}\u{202e} now 👩‍💻", 0, 100);
        assert_eq!((piece.text.as_str(), piece.invisible_characters), ("pay me now 👩‍💻", 4));
        assert_eq!(line("a\r\nb\u{200b}"), "a  b");
    }

    #[test]
    fn a_link_is_shown_with_the_host_it_leads_to() {
        let hosts = |text: &str| links(text).into_iter().map(|link| link.host).collect::<Vec<_>>();
        assert_eq!(
            hosts("bank.com <https://evil.test/bank.com>, https://bank.com@evil.test/."),
            ["evil.test", "evil.test"]
        );
        assert_eq!(hosts("https://bаnk.com (https://a.test) https://a.test"), ["xn--bnk-6cd.com", "a.test"]);
        assert_eq!(hosts("no link: https:// http://"), [] as [&str; 0]);
        assert_eq!(links(&"https://a.test/x ".repeat(50)).len(), 1);
    }
}
