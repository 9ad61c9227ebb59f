//! The first words of a text.

use crate::line::lines;

/// The first at most `max_chars` characters of `text` on one line, runs of blanks as one, quoted lines and invisible
/// characters left out; cut at a word where one ends near, with an ellipsis.
pub fn snippet(text: &str, max_chars: usize) -> String {
    let mut out = String::with_capacity(text.len().min(max_chars));
    let mut count = 0;
    let lines = lines(text).filter(|line| !line.trim_start().starts_with('>'));
    for word in lines.flat_map(str::split_whitespace) {
        let visible = || word.chars().filter(|c| !crate::filename::is_invisible(*c));
        let length = if word.is_ascii() { word.len() } else { visible().count() };
        if length == 0 {
            continue;
        }
        let space = usize::from(!out.is_empty());
        if count + space + length > max_chars {
            let room = max_chars.saturating_sub(count + space + 1);
            // A word that alone would fill much of the line is cut, any other is left out.
            if length > max_chars / 4 && room > 0 {
                out.extend(std::iter::repeat_n(' ', space).chain(visible().take(room)));
            } else if count >= max_chars {
                out.pop();
            }
            out.push('…');
            return out;
        }
        out.extend(std::iter::repeat_n(' ', space));
        if word.is_ascii() {
            out.push_str(word);
        } else {
            out.extend(visible());
        }
        count += space + length;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_of_words() {
        assert_eq!(snippet("Hello,\n\n  this   is\n> old\nnew", 200), "Hello, this is new");
        assert_eq!(snippet("one two three", 8), "one two…");
        assert_eq!(snippet(&"ä".repeat(500), 200).chars().count(), 200);
        assert_eq!(snippet("abc def g", 7), "abc de…");
        assert_eq!(snippet("a\u{200b}b \u{feff} c", 200), "ab c");
        assert_eq!(snippet("", 200), "");
    }
}
