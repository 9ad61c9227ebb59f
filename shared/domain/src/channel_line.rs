//! Who waits to write in a place whose provider asked to wait: in which order, and until when.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Timestamp, WorkspaceId, channel::ChannelKind};

/// Whoever is so late is not waited for any more: their job was lost, or has been given up.
const LATE: Duration = Duration::from_mins(5);
/// The longest that a job can be put off at once. It comes back, and waits on.
const MAX_WAIT_SECONDS: u32 = 900;

/// The line in front of one place: a channel of Slack, or a chat of Telegram. There is one from when the provider first
/// asked to wait; nothing new is posted there past those who are in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelLine {
    pub workspace_id: WorkspaceId,
    /// The provider.
    pub channel: ChannelKind,
    /// The channel's or chat's id.
    pub place: String,
    /// Nothing is written there until then.
    pub not_before: Timestamp,
    /// Those who wait, in their order.
    pub waiting: Vec<Waiting>,
}

/// Somebody in a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// What is to be told: the same for all jobs about it.
    pub subject: String,
    /// When a job about it comes back.
    pub due_at: Timestamp,
}

/// Whether somebody may write now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// They may.
    Now,
    /// They come back after so many seconds.
    In(u32),
}

impl ChannelLine {
    /// An empty one.
    pub const fn start(workspace_id: WorkspaceId, channel: ChannelKind, place: String, now: Timestamp) -> Self {
        Self { workspace_id, channel, place, not_before: now, waiting: Vec::new() }
    }

    /// Whether nobody needs to wait: whoever comes writes at once.
    pub fn is_free(&self, now: Timestamp) -> bool {
        self.not_before <= now && self.waiting.iter().all(|other| other.is_lost(now))
    }

    /// Seconds until the provider may be called again.
    pub fn held_seconds(&self, now: Timestamp) -> u32 {
        u32::try_from(self.not_before.since(now).as_millis().div_ceil(1000)).unwrap_or(MAX_WAIT_SECONDS)
    }

    /// Somebody wants to write. Unless it is their turn they have a place in the line from now on, and keep the one they
    /// had.
    pub fn arrive(&mut self, subject: &str, now: Timestamp) -> Turn {
        self.waiting.retain(|other| other.subject == subject || !other.is_lost(now));
        let ahead = self.ahead_of(subject);
        if ahead == 0 && self.not_before <= now { Turn::Now } else { Turn::In(self.wait(subject, now)) }
    }

    /// The provider asked somebody to wait. They keep their place, or take the last one; gives the seconds until they come
    /// back.
    pub fn refused(&mut self, subject: &str, retry_after_seconds: u32, now: Timestamp) -> u32 {
        let asked = Duration::from_secs(u64::from(retry_after_seconds.max(1)));
        self.not_before = self.not_before.max(now.after(asked));
        self.wait(subject, now)
    }

    /// Somebody has written, and leaves. The next follows as soon as the provider's usual rate allows.
    pub fn told(&mut self, subject: &str, now: Timestamp) {
        self.leave(subject);
        self.not_before = self.not_before.max(now.after(Duration::from_secs(u64::from(self.spacing_seconds()))));
    }

    /// Somebody has nothing to write any more.
    pub fn leave(&mut self, subject: &str) {
        self.waiting.retain(|other| other.subject != subject);
    }

    /// When all of it is over, whatever comes.
    pub fn ends_at(&self) -> Timestamp {
        self.waiting.iter().map(|one| one.due_at.after(LATE)).fold(self.not_before, Timestamp::max)
    }

    fn ahead_of(&self, subject: &str) -> usize {
        self.waiting.iter().position(|one| one.subject == subject).unwrap_or(self.waiting.len())
    }

    /// Gives them a place if they have none, and the seconds until their turn, as it looks now.
    fn wait(&mut self, subject: &str, now: Timestamp) -> u32 {
        let ahead = self.ahead_of(subject);
        let before_them = u32::try_from(ahead).unwrap_or(u32::MAX).saturating_mul(self.spacing_seconds());
        let seconds = self.held_seconds(now).saturating_add(before_them).clamp(1, MAX_WAIT_SECONDS);
        let due_at = now.after(Duration::from_secs(u64::from(seconds)));
        match self.waiting.get_mut(ahead) {
            Some(one) => one.due_at = due_at,
            None => self.waiting.push(Waiting { subject: subject.to_owned(), due_at }),
        }
        seconds
    }

    /// What providers say they take from a bot in one place: Slack a message a second
    /// (<https://docs.slack.dev/apis/web-api/rate-limits>), Telegram the same in a private chat and 20 a minute in a group,
    /// whose id is negative (<https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this>).
    fn spacing_seconds(&self) -> u32 {
        if self.channel == ChannelKind::Telegram && self.place.starts_with('-') { 3 } else { 1 }
    }
}

impl Waiting {
    fn is_lost(&self, now: Timestamp) -> bool {
        self.due_at.after(LATE) <= now
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_ms(1_777_000_000_000);

    fn at(seconds: u64) -> Timestamp {
        NOW.after(Duration::from_secs(seconds))
    }

    fn line(channel: ChannelKind, place: &str) -> ChannelLine {
        let workspace = "0197f3a0-5c1e-7d2a-9f00-1234567890ab".parse().unwrap();
        ChannelLine::start(workspace, channel, place.to_owned(), NOW)
    }

    #[test]
    fn nobody_passes_those_who_wait() {
        let mut line = line(ChannelKind::Slack, "C1");
        assert!(line.is_free(NOW));
        assert_eq!(line.arrive("a", NOW), Turn::Now);
        assert!(line.waiting.is_empty(), "whoever writes at once has no place");
        assert_eq!(line.refused("a", 30, NOW), 30);
        assert_eq!(line.arrive("b", at(10)), Turn::In(21));
        assert_eq!(line.arrive("c", at(10)), Turn::In(22));
        assert_eq!(line.arrive("b", at(10)), Turn::In(21), "a second job about the same has the same place");
        // All come at once, in the wrong order.
        assert_eq!(line.arrive("c", at(40)), Turn::In(2));
        assert_eq!(line.arrive("b", at(40)), Turn::In(1));
        assert_eq!(line.arrive("a", at(40)), Turn::Now);
        assert_eq!(line.refused("a", 5, at(40)), 5, "refused once more, it is still the first");
        assert_eq!(line.arrive("a", at(45)), Turn::Now);
        line.told("a", at(45));
        assert_eq!(line.arrive("b", at(45)), Turn::In(1));
        assert_eq!(line.arrive("b", at(46)), Turn::Now);
        line.leave("b");
        assert_eq!(line.arrive("c", at(46)), Turn::Now);
        line.told("c", at(46));
        assert!(!line.is_free(at(46)) && line.is_free(at(47)));
    }

    #[test]
    fn whoever_is_lost_holds_nobody_up_for_ever() {
        let mut line = line(ChannelKind::Telegram, "-2001");
        line.refused("lost", 1, NOW);
        assert_eq!(line.arrive("next", at(1)), Turn::In(3));
        assert_eq!(line.arrive("next", at(299)), Turn::In(3));
        assert_eq!(line.arrive("next", at(301)), Turn::Now);
        assert_eq!(line.arrive("lost", at(301)), Turn::In(3), "who comes after all takes the last place");
        assert!(line.is_free(line.ends_at()));
    }

    #[test]
    fn a_long_wait_is_made_in_parts() {
        let mut line = line(ChannelKind::Telegram, "10001");
        assert_eq!(line.refused("a", 40_000, NOW), 900);
        assert_eq!(line.arrive("a", at(900)), Turn::In(900));
        assert_eq!(line.arrive("a", at(39_999)), Turn::In(1));
        assert_eq!(line.arrive("a", at(40_000)), Turn::Now);
    }
}
