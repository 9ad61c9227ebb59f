//! What several screens have in common.

use std::fmt::{self, Write as _};

use actionlayer_channels::legible::moment;
use actionlayer_domain::{Authority, Timestamp, key::Permission};

/// What the visitor may do: what they may not is not offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// Write and edit drafts, change conversations.
    pub draft: bool,
    /// Decide about drafts and senders.
    pub decide: bool,
    /// Change everything else.
    pub administer: bool,
}

impl Access {
    /// What this authority allows.
    pub const fn of(authority: Authority) -> Self {
        Self {
            draft: authority.may(Permission::Draft),
            decide: authority.may(Permission::Approve),
            administer: authority.may(Permission::Administer),
        }
    }
}

/// Why something was not done, for a person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problem {
    /// What is the case, in a few words.
    pub title: String,
    /// More about it, and what to do.
    pub sentences: Vec<String>,
}

/// One of several links, filters or options.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The value, or where it leads.
    pub value: String,
    /// What it is called.
    pub name: String,
    /// Whether it is the one that is shown.
    pub chosen: bool,
    /// How many there are, as text.
    pub count: Option<String>,
}

impl Choice {
    /// An option.
    pub fn new(value: impl Into<String>, name: impl Into<String>, chosen: bool) -> Self {
        Self { value: value.into(), name: name.into(), chosen, count: None }
    }
}

/// The settings' tabs ask which of them is shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tabs;

impl Tabs {
    #[allow(clippy::unused_self, reason = "asked by the template")]
    pub(super) fn is_tab(self, path: &str, tab: &str) -> bool {
        path == tab
    }
}

/// Where a list goes on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pager {
    /// The link to the newest, if they are not shown.
    pub newest: Option<String>,
    /// The link to older ones, if there are any.
    pub older: Option<String>,
}

/// A moment, as people say it, with the exact one behind it. Its text is markup made of digits and letters of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct When {
    at: Timestamp,
    now: Timestamp,
}

/// A moment seen from another.
pub const fn when(at: Timestamp, now: Timestamp) -> When {
    When { at, now }
}

impl When {
    fn words(self) -> String {
        const MINUTE: u64 = 60;
        const HOUR: u64 = 60 * MINUTE;
        const DAY: u64 = 24 * HOUR;
        if self.at > self.now {
            return match self.at.since(self.now).as_secs() {
                0..MINUTE => "in a moment".to_owned(),
                seconds @ MINUTE..HOUR => format!("in {} min", seconds / MINUTE),
                seconds @ HOUR..DAY => format!("in {} h", seconds / HOUR),
                _ => moment(self.at),
            };
        }
        match self.now.since(self.at).as_secs() {
            0..MINUTE => "just now".to_owned(),
            seconds @ MINUTE..HOUR => format!("{} min ago", seconds / MINUTE),
            seconds @ HOUR..DAY => format!("{} h ago", seconds / HOUR),
            _ if self.at.to_string().get(..4) == self.now.to_string().get(..4) => day(self.at),
            _ => moment(self.at).chars().take(10).collect(),
        }
    }
}

/// `30 Apr`.
fn day(at: Timestamp) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let text = at.to_string();
    let number = |range| text.get(range).and_then(|part: &str| part.parse::<usize>().ok()).unwrap_or(1);
    let (month, day) = (number(5..7), number(8..10));
    format!("{day} {}", MONTHS.get(month.saturating_sub(1)).copied().unwrap_or_default())
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<time datetime=\"{}\" title=\"{}\">{}</time>", self.at, moment(self.at), self.words())
    }
}

/// A size for people; rounded up, so that nothing is 0 KB.
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1_024 => format!("{bytes} bytes"),
        1_024..1_048_576 => format!("{} KB", bytes.div_ceil(1_024)),
        _ => {
            let tenths = (bytes * 10).div_ceil(1_048_576);
            format!("{}.{} MB", tenths / 10, tenths % 10)
        }
    }
}

/// A text for the value of a query.
pub fn in_query(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            other => _ = write!(out, "%{other:02X}"),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_moment_is_said_as_people_say_it() {
        let now: Timestamp = "2026-04-30T14:28:00.000Z".parse().unwrap();
        for (at, words) in [
            ("2026-04-30T14:27:30.000Z", "just now"),
            ("2026-04-30T14:20:00.000Z", "8 min ago"),
            ("2026-04-30T09:28:00.000Z", "5 h ago"),
            ("2026-04-02T09:28:00.000Z", "2 Apr"),
            ("2025-12-24T09:28:00.000Z", "2025-12-24"),
            ("2026-04-30T14:38:00.000Z", "in 10 min"),
        ] {
            let shown = when(at.parse().unwrap(), now).to_string();
            assert!(shown.contains(&format!(">{words}</time>")), "{shown}");
        }
    }

    #[test]
    fn nothing_leaves_a_query() {
        assert_eq!(in_query("a b&c=\"ü"), "a%20b%26c%3D%22%C3%BC");
    }
}
