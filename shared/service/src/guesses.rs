//! Who guesses: counted by where requests come from, in the memory of this process.
//!
//! A key, a link or a token cannot be guessed; what trying costs is bounded here. Nothing is written for it: a flood would
//! pay with our writes for its own count. So every instance of a function counts for itself, and what all of them let through
//! together is bounded by the API in front (`template.yaml`). Callbacks of Slack and Telegram are not counted: all of them
//! come from few addresses, and whoever has a bot of their own could have somebody else's locked out.

use std::{
    collections::{HashMap, HashSet},
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use actionlayer_domain::{
    Timestamp,
    rate::{MAX_WRONG_GUESSES, RateState, RateWindow},
};
use sha2::{Digest as _, Sha256};

/// How many addresses are counted in a minute. What comes from more is bounded by the API in front alone.
const MAX_SOURCES: usize = 10_000;
/// How many keys that were good are remembered.
const MAX_GOOD: usize = 1_000;

/// The guesses of a minute.
#[derive(Clone, Default)]
pub struct Guesses(Arc<Mutex<Counted>>);

actionlayer_domain::debug_without_content!(Guesses);

#[derive(Default)]
struct Counted {
    window: Option<RateWindow>,
    /// Guesses that were wrong.
    wrong: HashMap<String, u64>,
    /// Requests that take no key.
    without_key: HashMap<String, u64>,
    /// SHA-256 of the keys that were good lately: somebody else's guesses from the same address are not in their way.
    good: HashSet<[u8; 32]>,
}

/// Where a request comes from, as far as guesses are counted: a network of IPv6 is one address, since whoever has one has
/// 2^64 of it.
pub fn network_of(address: &str) -> String {
    match address.parse() {
        Ok(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        Ok(IpAddr::V4(_)) | Err(_) => address.to_owned(),
    }
}

impl Guesses {
    fn at<T>(&self, now: Timestamp, step: impl FnOnce(&mut Counted) -> T) -> T {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let window = Some(RateWindow::at(now));
        if counted.window != window {
            let good = std::mem::take(&mut counted.good);
            *counted = Counted { window, good, ..Counted::default() };
        }
        step(&mut counted)
    }

    /// One request that takes no key; how many there were from there in this minute, this one included.
    pub fn count_without_key(&self, network: &str, now: Timestamp) -> u64 {
        self.at(now, |counted| add(&mut counted.without_key, network))
    }

    /// One guess that was wrong.
    pub fn count_wrong(&self, network: &str, now: Timestamp) {
        self.at(now, |counted| add(&mut counted.wrong, network));
    }

    /// A key was good.
    pub fn was_good(&self, key: &str, now: Timestamp) {
        self.at(now, |counted| {
            if counted.good.len() >= MAX_GOOD {
                counted.good.clear();
            }
            counted.good.insert(Sha256::digest(key).into());
        });
    }

    /// How a request stands that comes from where too many guesses came from in this minute; none where it may go on.
    /// `key` is what it presents.
    pub fn refusal(&self, network: &str, key: Option<&str>, now: Timestamp) -> Option<RateState> {
        self.at(now, |counted| {
            let wrong = counted.wrong.get(network).copied().unwrap_or_default();
            if wrong < u64::from(MAX_WRONG_GUESSES) {
                return None;
            }
            let is_good = key.is_some_and(|key| counted.good.contains::<[u8; 32]>(&Sha256::digest(key).into()));
            (!is_good).then(|| RateState::after(MAX_WRONG_GUESSES, wrong + 1, now))
        })
    }
}

fn add(counts: &mut HashMap<String, u64>, network: &str) -> u64 {
    if !counts.contains_key(network) && counts.len() >= MAX_SOURCES {
        return 1;
    }
    let count = counts.entry(network.to_owned()).or_default();
    *count += 1;
    *count
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_ms(90_000);
    const NEXT: Timestamp = Timestamp::from_unix_ms(120_000);

    #[test]
    fn too_many_wrong_guesses_stop_an_address_for_the_rest_of_the_minute() {
        let guesses = Guesses::default();
        guesses.was_good("a key", NOW);
        for _ in 0..MAX_WRONG_GUESSES {
            assert_eq!(guesses.refusal("here", None, NOW), None);
            guesses.count_wrong("here", NOW);
        }
        let refused = guesses.refusal("here", Some("another guess"), NOW);
        assert!(refused.is_some_and(|refused| refused.exceeded && refused.reset_seconds == 30), "{refused:?}");
        assert_eq!(guesses.refusal("here", Some("a key"), NOW), None, "a good key goes on");
        assert_eq!(guesses.refusal("there", None, NOW), None);
        assert_eq!(guesses.refusal("here", None, NEXT), None);
        assert_eq!(guesses.count_without_key("here", NEXT), 1);
        assert_eq!(guesses.count_without_key("here", NEXT), 2);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let guesses = Guesses::default();
        for i in 0..MAX_SOURCES + 10 {
            guesses.count_wrong(&i.to_string(), NOW);
            guesses.was_good(&i.to_string(), NOW);
        }
        guesses.at(NOW, |counted| assert!(counted.wrong.len() <= MAX_SOURCES && counted.good.len() <= MAX_GOOD));
    }

    #[test]
    fn a_network_of_ipv6_is_one_address() {
        assert_eq!(network_of("2001:db8:1:2:3:4:5:6"), network_of("2001:db8:1:2::9"));
        assert_ne!(network_of("2001:db8:1:2::9"), network_of("2001:db8:1:3::9"));
        assert_eq!(network_of("192.0.2.1"), "192.0.2.1");
    }
}
