//! The header block that Outlook and others put above history.

use super::{
    clean,
    numbers::Numbers,
    words::{FROM, SENT, SUBJECT, TO},
};

/// Lines of a header block looked at.
const MAX_HEADERS: usize = 10;
/// The longest label of a header block, in bytes.
const MAX_LABEL_BYTES: usize = 60;

/// The label of a line such as `From: Ada`, in lower case.
pub(super) fn label(line: &str) -> Option<String> {
    let line = clean(line);
    let mut end = line.len().min(MAX_LABEL_BYTES);
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    let at = line.get(..end)?.find([':', '：'])?;
    let label = clean(line.get(..at)?);
    (!label.is_empty()).then(|| label.to_lowercase())
}

/// Whether `lines` start with the header block that Outlook and others put above history: who, when, to whom, what about.
/// Three words with a colon do not make one: people write lists of their own. An address or a time tells, or that the
/// date stands below the author, as Outlook has it.
pub(crate) fn is_header_block(lines: &[&str]) -> bool {
    let is = |words: &[&str], label: &str| words.contains(&label);
    let Some(first) = lines.first().and_then(|line| label(line)) else { return false };
    if ![FROM, SENT, TO, SUBJECT].iter().any(|words| is(words, &first)) {
        return false;
    }
    let (mut from, mut sent, mut to, mut subject) = (false, false, false, false);
    let (mut address, mut time, mut in_order) = (false, false, false);
    let mut gap = 0;
    for line in lines.iter().take(MAX_HEADERS) {
        let found = label(line);
        let known = found.as_deref().is_some_and(|label| {
            let before = (from, sent, to, subject);
            from |= is(FROM, label);
            sent |= is(SENT, label);
            to |= is(TO, label);
            subject |= is(SUBJECT, label);
            in_order |= !before.1 && sent && before == (true, false, false, false);
            before != (from, sent, to, subject)
        });
        address |= known && line.contains('@');
        time |= known && line.split_whitespace().any(|word| Numbers::of(word).is_time(word));
        // The lines of the block may be wrapped or stand apart, but not far.
        gap = if known { 0 } else { gap + 1 };
        if gap > 3 {
            break;
        }
    }
    from && (address || time || in_order) && ((subject && (sent || to)) || (address && sent && to))
}

/// How many of the lines that start `lines` have a label, in whatever language, and whether one of them has an address.
pub(crate) fn labelled_lines(lines: &[&str]) -> (usize, bool) {
    let labelled = |line: &&&str| label(line).is_some();
    let block = lines.iter().filter(|line| !line.is_empty()).take(MAX_HEADERS).take_while(labelled);
    block.fold((0, false), |(count, address), line| (count + 1, address || line.contains('@')))
}

/// The line of the header block that starts `lines` which names its author.
pub(crate) fn author_line<'a>(lines: &[&'a str]) -> Option<&'a str> {
    let named = |line: &&&str| label(line).is_some_and(|label| FROM.contains(&label.as_str()));
    lines.iter().filter(|line| !line.is_empty()).take(MAX_HEADERS).find(named).copied()
}
