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

/// Phrases in lower case, with what is in each.
pub(crate) struct Phrases(Vec<(&'static str, Bytes)>);

impl Phrases {
    pub(crate) fn of(phrases: impl IntoIterator<Item = &'static str>) -> Self {
        Self(phrases.into_iter().map(|phrase| (phrase, Bytes::of(phrase.trim()))).collect())
    }

    /// Those that may stand in a text in which `bytes` do, in order.
    pub(crate) fn possible_in(&self, bytes: Bytes) -> impl Iterator<Item = &'static str> {
        self.0.iter().filter(move |(_, own)| bytes.hold(*own)).map(|(phrase, _)| *phrase)
    }
}
