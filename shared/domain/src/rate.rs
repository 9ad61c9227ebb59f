//! How often a credential may be used: fixed windows of a minute.

use crate::Timestamp;

/// The length of a window, in seconds.
const WINDOW_SECONDS: i64 = 60;

/// How many wrong guesses (keys, links, tokens) are listened to from one address in a window, by each process.
pub const MAX_WRONG_GUESSES: u32 = 30;

/// How many requests are taken in a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimits {
    /// Of one key, that read.
    pub reads: u32,
    /// Of one key, that change something.
    pub writes: u32,
    /// Of one address, that carry no key.
    pub sign_ins: u32,
}

/// What a request counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateClass {
    Read,
    /// It may change something.
    Write,
    /// It carries no key.
    SignIn,
}

impl RateClass {
    /// The beginning of the counter's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "reads",
            Self::Write => "writes",
            Self::SignIn => "sign_ins",
        }
    }
}

impl RateLimits {
    /// What a class of requests may have in a window.
    pub const fn of(self, class: RateClass) -> u32 {
        match class {
            RateClass::Read => self.reads,
            RateClass::Write => self.writes,
            RateClass::SignIn => self.sign_ins,
        }
    }
}

/// The window a moment lies in, counted since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RateWindow(i64);

impl RateWindow {
    /// The window of a moment.
    pub const fn at(now: Timestamp) -> Self {
        Self(now.unix_seconds().div_euclid(WINDOW_SECONDS))
    }

    pub const fn number(self) -> i64 {
        self.0
    }

    /// When it ends, in seconds since the Unix epoch.
    pub const fn end_unix_seconds(self) -> i64 {
        (self.0 + 1) * WINDOW_SECONDS
    }
}

/// How a request stands to its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateState {
    /// Requests in a window.
    pub limit: u32,
    /// How many of them are left.
    pub remaining: u32,
    /// Seconds until the next window; at least one.
    pub reset_seconds: u32,
    /// Whether this one was too many.
    pub exceeded: bool,
}

impl RateState {
    /// The state after the `used`-th request of the window that `now` lies in.
    pub fn after(limit: u32, used: u64, now: Timestamp) -> Self {
        let used = u32::try_from(used).unwrap_or(u32::MAX);
        let reset_seconds = RateWindow::at(now).end_unix_seconds() - now.unix_seconds();
        Self {
            limit,
            remaining: limit.saturating_sub(used),
            reset_seconds: u32::try_from(reset_seconds).unwrap_or(1).max(1),
            exceeded: used > limit,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_a_window_is_taken_and_the_next_is_not() {
        let now = Timestamp::from_unix_ms(59_999);
        assert_eq!(RateWindow::at(now).number(), 0);
        let last = RateState::after(60, 60, now);
        assert_eq!(last, RateState { limit: 60, remaining: 0, reset_seconds: 1, exceeded: false });
        assert!(RateState::after(60, 61, now).exceeded);
        let next = Timestamp::from_unix_ms(60_000);
        assert_eq!(RateWindow::at(next).number(), 1);
        assert_eq!(RateState::after(60, 1, next).reset_seconds, 60);
    }
}
