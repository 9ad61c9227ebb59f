//! Files between `begin` and `end` (POSIX, `uuencode`): in a text, as Outlook and old scripts put them there, or as the
//! content of a part.

use std::{ops::Range, sync::LazyLock};

use memchr::memmem::Finder;

use crate::line::line_at;

/// A file that was found.
pub(crate) struct UuFile {
    /// The name behind `begin`.
    pub(crate) name: String,
    pub(crate) content: Vec<u8>,
    /// Where its lines stand, from `begin` to behind `end`.
    pub(crate) lines: Range<usize>,
}

/// The first file in `bytes` from `at` on, which begins a line.
pub(crate) fn find(bytes: &[u8], mut at: usize) -> Option<UuFile> {
    /// Lines that begin like a file and are none.
    const MAX_FALSE: usize = 1_000;
    for _ in 0..MAX_FALSE {
        let start = next_begin(bytes, at)?;
        match read(bytes, start) {
            Ok(file) => return Some(file),
            // What did not make a file is not looked at again.
            Err(stopped) => at = stopped,
        }
    }
    None
}

/// The name of the first file in `bytes`, without a look at its content.
pub(crate) fn first_name(bytes: &[u8]) -> Option<String> {
    next_begin(bytes, 0).and_then(|start| name_of(line_at(bytes, start).0))
}

/// All files in `bytes`, which is a text.
pub(crate) fn find_all(bytes: &[u8]) -> impl Iterator<Item = UuFile> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let file = find(bytes, at)?;
        at = file.lines.end;
        Some(file)
    })
}

/// `bytes` without the files in it. `None` when there is none.
pub(crate) fn without_files(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut kept = Vec::new();
    let mut at = 0;
    for file in find_all(bytes) {
        kept.extend_from_slice(bytes.get(at..file.lines.start).unwrap_or_default());
        at = file.lines.end;
    }
    (at > 0).then(|| {
        kept.extend_from_slice(bytes.get(at..).unwrap_or_default());
        kept
    })
}

fn next_begin(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = bytes.get(at..)?;
    if rest.starts_with(b"begin ") && (at == 0 || bytes.get(at - 1) == Some(&b'\n')) {
        return Some(at);
    }
    BEGIN.find(rest).map(|found| at + found + 1)
}

static BEGIN: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\nbegin "));

/// The file that begins at `start`; else where it turned out to be none.
fn read(bytes: &[u8], start: usize) -> Result<UuFile, usize> {
    let (first, mut at) = line_at(bytes, start);
    let name = name_of(first).ok_or(at)?;
    let mut content = Vec::new();
    while at < bytes.len() {
        let (line, next) = line_at(bytes, at);
        if line == b"end" && at > start {
            return if content.is_empty() { Err(next) } else { Ok(UuFile { name, content, lines: start..next }) };
        }
        if !(line.is_empty() || decode_line(line, &mut content)) {
            return Err(at);
        }
        at = next;
    }
    Err(at)
}

/// The name in `begin 644 name`.
fn name_of(line: &[u8]) -> Option<String> {
    let rest = line.strip_prefix(b"begin ")?;
    let mode = rest.iter().take_while(|byte| matches!(byte, b'0'..=b'7')).count();
    let name = rest.get(mode..)?.strip_prefix(b" ")?.trim_ascii();
    ((3..=4).contains(&mode) && !name.is_empty()).then(|| String::from_utf8_lossy(name).into_owned())
}

/// Decodes a line: a character that says how many bytes, and four for each three of them. Blanks at its end may have been
/// lost, and some programs add characters.
fn decode_line(line: &[u8], out: &mut Vec<u8>) -> bool {
    /// No line has more; 45 bytes are 61 characters.
    const MAX_LINE: usize = 90;
    let value = |byte: u8| match byte {
        b' '..=b'`' => Some((byte - b' ') & 63),
        _ => None,
    };
    let Some((first, rest)) = line.split_first() else { return true };
    let Some(count) = value(*first).map(usize::from) else { return false };
    let characters = count.div_ceil(3) * 4;
    if line.len() > MAX_LINE || rest.iter().any(|byte| value(*byte).is_none()) {
        return false;
    }
    // Spaces that were cut off stand for zeros, but no line is nothing else.
    if count > 0 && rest.is_empty() {
        return false;
    }
    let before = out.len();
    for group in (0..characters).step_by(4) {
        let mut bits = [0_u8; 4];
        for (bit, at) in bits.iter_mut().zip(group..) {
            *bit = rest.get(at).and_then(|byte| value(*byte)).unwrap_or_default();
        }
        out.extend([bits[0] << 2 | bits[1] >> 4, bits[1] << 4 | bits[2] >> 2, bits[2] << 6 | bits[3]]);
    }
    out.truncate(before + count);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "begin 644 cat.txt\n#0V%T\n`\nend\n";

    #[test]
    fn files_are_taken_out_of_their_text() {
        for text in [format!("Hi\n\n{FILE}\nBye\n"), format!("Hi\n\n{FILE}\nBye\n").replace('\n', "\r\n")] {
            let files: Vec<UuFile> = find_all(text.as_bytes()).collect();
            assert_eq!(files.len(), 1, "{text:?}");
            assert_eq!((files[0].name.as_str(), files[0].content.as_slice()), ("cat.txt", &b"Cat"[..]));
            let left = String::from_utf8(without_files(text.as_bytes()).expect("a file")).expect("text");
            assert_eq!(left.replace('\r', ""), "Hi\n\n\nBye\n");
        }
        let two = format!("{FILE}{}", FILE.replace("cat", "dog"));
        assert_eq!(find_all(two.as_bytes()).map(|file| file.name).collect::<Vec<_>>(), ["cat.txt", "dog.txt"]);
    }

    #[test]
    fn lines_as_programs_write_them() {
        for (lines, content) in [
            ("#0V%T\n \nend", &b"Cat"[..]),
            ("#0V%T\n\nend", b"Cat"),
            ("#0V%T\nend", b"Cat"),
            // A checksum behind the line, blanks cut off at its end.
            ("#0V%TX\n`\nend", b"Cat"),
            ("$0P\n`\nend", b"C\0\0\0"),
        ] {
            let file = find(format!("begin 0644 a b.bin\n{lines}").as_bytes(), 0).expect(lines);
            assert_eq!((file.name.as_str(), file.content.as_slice()), ("a b.bin", content), "{lines:?}");
        }
    }

    #[test]
    fn words_are_no_file() {
        for text in [
            "begin 644 with the letter\nand go on\nend\n",
            "We begin 644 cat.txt\n#0V%T\n`\nend\n",
            "begin at noon\n#0V%T\n`\nend\n",
            "begin 644 cat.txt\n`\nend\n",
            "begin 644 cat.txt\n#0V%T\n`\n",
            "begin 644 \n#0V%T\nend\n",
            "> begin 644 cat.txt\n> #0V%T\n> `\n> end\n",
        ] {
            assert!(find(text.as_bytes(), 0).is_none(), "{text:?}");
        }
    }

    #[test]
    fn a_flood_of_beginnings_ends() {
        let flood = "begin 644 x\n".repeat(100_000);
        assert!(find(flood.as_bytes(), 0).is_none());
    }
}
