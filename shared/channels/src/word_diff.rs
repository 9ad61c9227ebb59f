//! What changed between two versions of a text, word by word.
//!
//! Myers' algorithm ("An O(ND) Difference Algorithm and Its Variations", 1986) over words and the blanks between them, in
//! bounded work: texts that differ more than a person would follow are shown as one replaced by the other.

/// A run of words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change<'a> {
    /// In both.
    Kept(&'a str),
    /// Only in the earlier text.
    Removed(&'a str),
    /// Only in the later text.
    Added(&'a str),
}

/// More differing words than this are no longer read one by one.
const MAX_DIFFERENCES: usize = 400;

/// The changes that turn `old` into `new`, in the order of reading. Joined, what was kept and removed is `old`, and what
/// was kept and added is `new`.
pub fn word_diff<'a>(old: &'a str, new: &'a str) -> Vec<Change<'a>> {
    let (before, after) = (words(old), words(new));
    let prefix = before.iter().zip(&after).take_while(|(a, b)| a == b).count();
    let (before_rest, after_rest) = (&before[prefix..], &after[prefix..]);
    let suffix = before_rest.iter().rev().zip(after_rest.iter().rev()).take_while(|(a, b)| a == b).count();
    let before_middle = &before_rest[..before_rest.len() - suffix];
    let after_middle = &after_rest[..after_rest.len() - suffix];

    let mut steps: Vec<Step> = vec![Step::Keep; prefix];
    match shortest_edit(before_middle, after_middle) {
        Some(edit) => steps.extend(edit),
        None => {
            steps.extend(vec![Step::Remove; before_middle.len()]);
            steps.extend(vec![Step::Add; after_middle.len()]);
        }
    }
    steps.extend(vec![Step::Keep; suffix]);
    runs(old, new, &before, &after, &steps)
}

/// Whether anything changed.
pub fn is_changed(changes: &[Change<'_>]) -> bool {
    changes.iter().any(|change| !matches!(change, Change::Kept(_)))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Keep,
    Remove,
    Add,
}

/// Words and the blanks between them; every line break by itself.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut start = 0;
    let mut previous: Option<Kind> = None;
    for (at, c) in text.char_indices() {
        let kind = Kind::of(c);
        if at > 0 && (previous != Some(kind) || kind == Kind::Alone) {
            words.push(&text[start..at]);
            start = at;
        }
        previous = Some(kind);
    }
    if start < text.len() {
        words.push(&text[start..]);
    }
    words
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Word,
    Blank,
    /// Line breaks, and scripts that are written without blanks between words.
    Alone,
}

impl Kind {
    fn of(c: char) -> Self {
        match c {
            '\n' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' => Self::Alone,
            c if c.is_whitespace() => Self::Blank,
            _ => Self::Word,
        }
    }
}

/// The shortest way from one to the other; `None` when it is longer than [`MAX_DIFFERENCES`].
fn shortest_edit(old: &[&str], new: &[&str]) -> Option<Vec<Step>> {
    let most = (old.len() + new.len()).min(MAX_DIFFERENCES);
    // How far each diagonal was reached, for every number of differences: enough to walk back.
    let mut trace: Vec<Vec<usize>> = Vec::new();
    let mut reached = vec![0_usize; 2 * most + 3];
    let middle = most + 1;
    for differences in 0..=most {
        trace.push(reached.clone());
        for step in 0..=differences {
            // Diagonal k = 2 * step - differences, as an index.
            let index = middle + 2 * step - differences;
            let down = step == 0 || (step != differences && reached[index - 1] < reached[index + 1]);
            let mut x = if down { reached[index + 1] } else { reached[index - 1] + 1 };
            // y = x - k.
            let mut y = (x + differences).checked_sub(2 * step)?;
            while x < old.len() && y < new.len() && old[x] == new[y] {
                x += 1;
                y += 1;
            }
            reached[index] = x;
            if x >= old.len() && y >= new.len() {
                return Some(walk_back(&trace, middle, old.len(), new.len()));
            }
        }
    }
    None
}

fn walk_back(trace: &[Vec<usize>], middle: usize, mut x: usize, mut y: usize) -> Vec<Step> {
    let mut steps = Vec::new();
    for (differences, reached) in trace.iter().enumerate().rev() {
        let index = middle + x - y;
        let lowest = index + differences == middle;
        let highest = index == middle + differences;
        let down = lowest || (!highest && reached[index - 1] < reached[index + 1]);
        let from = if down { index + 1 } else { index - 1 };
        let (from_x, from_y) = if differences == 0 { (0, 0) } else { (reached[from], reached[from] + middle - from) };
        while x > from_x && y > from_y {
            steps.push(Step::Keep);
            x -= 1;
            y -= 1;
        }
        if differences > 0 {
            steps.push(if down { Step::Add } else { Step::Remove });
        }
        (x, y) = (from_x, from_y);
    }
    steps.reverse();
    steps
}

/// Joins steps of a kind; what was removed stands before what came in its place.
fn runs<'a>(old: &'a str, new: &'a str, before: &[&str], after: &[&str], steps: &[Step]) -> Vec<Change<'a>> {
    let mut changes = Vec::new();
    let (mut old_at, mut new_at) = (0, 0);
    let (mut before, mut after) = (before.iter(), after.iter());
    let mut steps = steps.iter().peekable();
    while let Some(step) = steps.peek() {
        let (old_from, new_from) = (old_at, new_at);
        if **step == Step::Keep {
            while steps.next_if_eq(&&Step::Keep).is_some() {
                old_at += before.next().map_or(0, |word| word.len());
                new_at += after.next().map_or(0, |word| word.len());
            }
            changes.push(Change::Kept(&new[new_from..new_at]));
            continue;
        }
        while let Some(step) = steps.next_if(|step| **step != Step::Keep) {
            match step {
                Step::Remove => old_at += before.next().map_or(0, |word| word.len()),
                Step::Add | Step::Keep => new_at += after.next().map_or(0, |word| word.len()),
            }
        }
        if old_at > old_from {
            changes.push(Change::Removed(&old[old_from..old_at]));
        }
        if new_at > new_from {
            changes.push(Change::Added(&new[new_from..new_at]));
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    #![allow(clippy::format_collect, reason = "once, in a test")]
    use super::*;
    use proptest::prelude::*;

    fn sides(changes: &[Change<'_>]) -> (String, String) {
        let (mut old, mut new) = (String::new(), String::new());
        for change in changes {
            match change {
                Change::Kept(text) => {
                    old.push_str(text);
                    new.push_str(text);
                }
                Change::Removed(text) => old.push_str(text),
                Change::Added(text) => new.push_str(text),
            }
        }
        (old, new)
    }

    #[test]
    fn one_word_is_one_change() {
        use Change::{Added, Kept, Removed};
        assert_eq!(
            word_diff("We open at nine.", "We open at ten."),
            [Kept("We open at "), Removed("nine."), Added("ten.")]
        );
        assert_eq!(word_diff("a b c", "a c"), [Kept("a "), Removed("b "), Kept("c")]);
        assert_eq!(word_diff("", "new"), [Added("new")]);
        assert_eq!(word_diff("same", "same"), [Kept("same")]);
        assert_eq!(word_diff("一二三", "一四三"), [Kept("一"), Removed("二"), Added("四"), Kept("三")]);
        assert!(!is_changed(&word_diff("same", "same")) && !is_changed(&word_diff("", "")));
    }

    #[test]
    fn texts_without_a_word_in_common_are_replaced_in_bounded_work() {
        let old: String = (0..20_000).map(|n| format!("a{n} ")).collect();
        let new: String = (0..20_000).map(|n| format!("b{n} ")).collect();
        assert!(word_diff(&old, &new).len() <= 3);
    }

    proptest! {
        #[test]
        fn both_texts_can_be_read_from_it(
            old in "[a-c ü\n一]{0,60}",
            new in "[a-c ü\n一]{0,60}",
        ) {
            prop_assert_eq!(sides(&word_diff(&old, &new)), (old, new));
        }

        #[test]
        fn it_finds_a_single_edit(before in "[a-z ]{0,80}", after in "[a-z ]{0,80}") {
            let (old, new) = (format!("{before} OLD {after}"), format!("{before} NEW {after}"));
            let changes = word_diff(&old, &new);
            let removed: Vec<_> = changes.iter().filter(|change| matches!(change, Change::Removed(_))).collect();
            prop_assert_eq!(removed, [&Change::Removed("OLD")]);
        }
    }
}
