//! Lines of a message.

/// The lines of a text, as [`str::lines`] gives them; their ends are looked for many bytes at a time.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let Some(end) = memchr::memchr(b'\n', rest.as_bytes()) else { return Some(std::mem::take(&mut rest)) };
        let (line, after) = rest.split_at(end);
        rest = after.get(1..).unwrap_or_default();
        Some(line.strip_suffix('\r').unwrap_or(line))
    })
}

/// What stands between the line feeds of a text; behind the last one, too.
pub(crate) fn between_line_feeds(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let (line, after) = text.split_at(memchr::memchr(b'\n', text.as_bytes()).unwrap_or(text.len()));
        rest = after.get(1..);
        Some(line)
    })
}

/// The line at `at` without its line break, and where the next one starts.
pub(crate) fn line_at(bytes: &[u8], at: usize) -> (&[u8], usize) {
    let rest = bytes.get(at..).unwrap_or_default();
    let (line, next) = match memchr::memchr(b'\n', rest) {
        Some(end) => (&rest[..end], at + end + 1),
        None => (rest, bytes.len()),
    };
    (line.strip_suffix(b"\r").unwrap_or(line), next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_those_of_the_standard_library() {
        for text in ["", "\n", "a", "a\n", "a\r\nb\r", "\r\n\r\r\n", "ä\n\nö\n", "\na\rb\n\n"] {
            assert!(lines(text).eq(text.lines()), "{text:?}");
            assert!(between_line_feeds(text).eq(text.split('\n')), "{text:?}");
        }
    }
}
