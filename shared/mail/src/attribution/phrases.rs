//! Many phrases looked for in one text.

/// Which bytes stand in a text, by their last six bits: where one of a phrase's is missing, so is the phrase. To look for
/// every phrase of every language costs a hundred times as much.
#[derive(Clone, Copy)]
pub(crate) struct Bytes(u64);

impl Bytes {
    pub(crate) fn of(text: &str) -> Self {
        Self(text.bytes().fold(0, |set, byte| set | 1 << (byte & 63)))
    }

    pub(crate) const fn hold(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }
}

/// Phrases in lower case that texts begin with, in the order of their first bytes: all but a few can be none of a text.
pub(crate) struct Beginnings {
    phrases: Vec<&'static str>,
    /// The length of the longest, in bytes.
    longest: usize,
}

impl Beginnings {
    pub(crate) fn of(phrases: &[&'static str]) -> Self {
        let mut phrases = phrases.to_vec();
        phrases.sort_by_key(|phrase| phrase.as_bytes().first());
        let longest = phrases.iter().map(|phrase| phrase.len()).max().unwrap_or_default();
        Self { phrases, longest }
    }

    /// Those that begin with a byte.
    fn with_first(&self, first: Option<u8>) -> impl Iterator<Item = &'static str> {
        let start = self.phrases.partition_point(|phrase| phrase.bytes().next() < first);
        let rest = self.phrases.get(start..).unwrap_or_default().iter();
        rest.take_while(move |phrase| phrase.bytes().next() == first).copied()
    }

    /// Those that `text` begins with, and what stands behind each; in the order they were given.
    pub(crate) fn found_in<'a>(&self, text: &'a str) -> impl Iterator<Item = (&'static str, &'a str)> {
        let possible = self.with_first(text.bytes().next());
        possible.filter_map(move |phrase| Some((phrase, text.strip_prefix(phrase)?)))
    }

    /// What stands behind the first that `text` begins with.
    pub(crate) fn behind_in<'a>(&self, text: &'a str) -> Option<&'a str> {
        self.found_in(text).next().map(|(_, behind)| behind)
    }

    /// Whether `text` begins with one.
    pub(crate) fn begin(&self, text: &str) -> bool {
        self.behind_in(text).is_some()
    }

    /// Whether `text`, which may have capitals, begins with one.
    pub(crate) fn begin_any_case(&self, text: &str) -> bool {
        let Some(first) = text.chars().next().and_then(|c| c.to_lowercase().next()) else { return false };
        let first = first.encode_utf8(&mut [0; 4]).bytes().next();
        // In lower case, a letter has no less than a third of its bytes.
        let start = || text.get(..text.floor_char_boundary(3 * self.longest)).unwrap_or_default().to_lowercase();
        self.with_first(first).next().is_some() && self.begin(&start())
    }
}

/// Phrases in lower case, with what is in each.
pub(crate) struct Phrases(Vec<(&'static str, Bytes)>);

impl Phrases {
    pub(crate) fn of(phrases: impl IntoIterator<Item = &'static str>) -> Self {
        Self(phrases.into_iter().map(|phrase| (phrase, Bytes::of(phrase.trim()))).collect())
    }

    /// Whether one of them may stand in a text in which `bytes` do.
    pub(crate) fn is_any_possible_in(&self, bytes: Bytes) -> bool {
        self.possible_in(bytes).next().is_some()
    }

    /// Those that may stand in a text in which `bytes` do, in order.
    pub(crate) fn possible_in(&self, bytes: Bytes) -> impl Iterator<Item = &'static str> {
        self.0.iter().filter(move |(_, own)| bytes.hold(*own)).map(|(phrase, _)| *phrase)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginnings_are_found_in_their_order() {
        let beginnings = Beginnings::of(&["sent from", "on ", "sent", "é", "kk"]);
        let found: Vec<_> = beginnings.found_in("sent from me").collect();
        assert_eq!(found, [("sent from", " me"), ("sent", " from me")]);
        assert_eq!(beginnings.behind_in("on it"), Some("it"));
        // The sign of kelvins has three bytes, and its small letter one.
        for (text, begins) in
            [("SENT", true), ("On it", true), ("Été", true), ("\u{212a}\u{212a}", true), ("", false), ("o", false)]
        {
            assert_eq!(beginnings.begin_any_case(text), begins, "{text:?}");
        }
    }
}
