//! How an endpoint has been doing: who delivers to it now, whether it is given a rest, and when it is given up.
//!
//! All deliveries of a webhook are made by one worker at a time, which holds the endpoint's **lease**. So a delivery has
//! one try at a time, a slow endpoint takes one worker and no more, and the events of a thread can be kept in order.

use serde::{Deserialize, Serialize};
use std::time::Duration;

use crate::{Timestamp, WebhookId, WorkspaceId};

/// How many deliveries to one endpoint are under way together, each of another thread.
pub const MAX_IN_FLIGHT: usize = 8;
/// How long a worker may keep an endpoint to itself. Longer than the function may run, so that it never runs out under
/// a worker that is alive.
pub const LEASE: Duration = Duration::from_secs(75);
/// So many failures in a row, of whichever deliveries, and the endpoint is given a rest.
const FAILURES_TO_PAUSE: u32 = 5;
/// The first rest; each is twice as long as the one before,
const FIRST_PAUSE: Duration = Duration::from_secs(5);
/// up to this.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);
/// An endpoint that fails for so long is given up,
const FAILING_FOR: Duration = Duration::from_hours(5 * 24);
/// counted from when it had failed several times within this time,
const FAILURES_WITHIN: Duration = Duration::from_hours(24);
/// the first and the last of them at least this far apart: an outage of one night is none.
const FAILURES_APART: Duration = Duration::from_hours(12);
/// How many are several.
const SEVERAL: u32 = 3;

/// A worker's claim to an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Names the worker's run.
    pub holder: String,
    /// Until when nobody else may deliver.
    pub until: Timestamp,
}

/// That nothing was taken since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Failing {
    first_at: Timestamp,
    count: u32,
    /// Since when the days are counted; none while it may be one outage.
    counted_from: Option<Timestamp>,
}

/// What an endpoint needs after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Care {
    /// Nothing: go on.
    None,
    /// A rest.
    Pause,
    /// It has failed for five days: the webhook is to be disabled.
    GiveUp,
}

/// An endpoint: where one webhook's deliveries go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    pub workspace_id: WorkspaceId,
    pub webhook_id: WebhookId,
    /// Who delivers now.
    pub lease: Option<Lease>,
    /// Until when it is given a rest.
    pub paused_until: Option<Timestamp>,
    /// When its next delivery is due, as far as its last worker saw; none when there was none.
    pub next_due_at: Option<Timestamp>,
    /// When it last took a delivery after a rest. What failed before that is due again.
    pub recovered_at: Option<Timestamp>,
    failures_in_a_row: u32,
    pauses: u32,
    failing: Option<Failing>,
}

impl Endpoint {
    /// One that nothing was delivered to yet.
    pub const fn new(workspace_id: WorkspaceId, webhook_id: WebhookId) -> Self {
        Self {
            workspace_id,
            webhook_id,
            lease: None,
            paused_until: None,
            next_due_at: None,
            recovered_at: None,
            failures_in_a_row: 0,
            pauses: 0,
            failing: None,
        }
    }

    /// Whether another worker delivers now.
    pub fn is_taken(&self, now: Timestamp) -> bool {
        self.lease.as_ref().is_some_and(|lease| lease.until > now)
    }

    /// Gives it to a worker.
    pub fn take(&mut self, holder: String, now: Timestamp) {
        self.lease = Some(Lease { holder, until: now.after(LEASE) });
    }

    /// Whether it is given a rest.
    pub fn is_paused(&self, now: Timestamp) -> bool {
        self.paused_until.is_some_and(|until| until > now)
    }

    /// How many deliveries may be under way: none during a rest, a single one to see whether it is over, then several.
    pub fn room(&self, now: Timestamp) -> usize {
        match self.paused_until {
            Some(until) if until > now => 0,
            Some(_) => 1,
            None => MAX_IN_FLIGHT,
        }
    }

    /// It took a delivery.
    pub fn succeeded(&mut self, now: Timestamp) {
        if self.paused_until.take().is_some() {
            self.recovered_at = Some(now);
        }
        self.failures_in_a_row = 0;
        self.pauses = 0;
        self.failing = None;
    }

    /// It did not take a delivery; `retry_after` is how long it asked us to wait with everything.
    pub fn failed(&mut self, now: Timestamp, retry_after: Option<Duration>) -> Care {
        self.failures_in_a_row = self.failures_in_a_row.saturating_add(1);
        if self.count_failure(now) {
            return Care::GiveUp;
        }
        // What was under way when the rest began says nothing new.
        if self.is_paused(now) {
            return Care::None;
        }
        if let Some(wait) = retry_after.filter(|wait| !wait.is_zero()) {
            self.paused_until = Some(now.after(wait));
            return Care::Pause;
        }
        if self.failures_in_a_row < FAILURES_TO_PAUSE && self.paused_until.is_none() {
            return Care::None;
        }
        let pause = FIRST_PAUSE.saturating_mul(1 << self.pauses.min(16)).min(LONGEST_PAUSE);
        self.pauses = self.pauses.saturating_add(1);
        self.paused_until = Some(now.after(pause));
        Care::Pause
    }

    /// Whether it has now failed for five days.
    fn count_failure(&mut self, now: Timestamp) -> bool {
        let begun = Failing { first_at: now, count: 0, counted_from: None };
        let failing = self.failing.get_or_insert(begun);
        if failing.counted_from.is_none() && now.since(failing.first_at) > FAILURES_WITHIN {
            *failing = begun;
        }
        failing.count = failing.count.saturating_add(1);
        let several = failing.count >= SEVERAL && now.since(failing.first_at) >= FAILURES_APART;
        if several && failing.counted_from.is_none() {
            failing.counted_from = Some(now);
        }
        failing.counted_from.is_some_and(|from| now.since(from) >= FAILING_FOR)
    }

    /// Somebody looked after it: the webhook was changed or switched on. Everything counts from here.
    pub fn renewed(&mut self) {
        self.paused_until = None;
        self.failures_in_a_row = 0;
        self.pauses = 0;
        self.failing = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_ms(1_000_000_000_000 + seconds * 1_000)
    }

    fn endpoint() -> Endpoint {
        Endpoint::new(WorkspaceId::from_bytes([1; 16]), WebhookId::from_bytes([2; 16]))
    }

    const HOUR: i64 = 3_600;

    #[test]
    fn one_worker_at_a_time_until_its_lease_is_over() {
        let mut endpoint = endpoint();
        assert!(!endpoint.is_taken(at(0)));
        endpoint.take("a".to_owned(), at(0));
        assert!(endpoint.is_taken(at(74)) && !endpoint.is_taken(at(75)));
    }

    #[test]
    fn rests_grow_and_one_delivery_sees_whether_they_are_over() {
        let mut endpoint = endpoint();
        for _ in 0..4 {
            assert_eq!(endpoint.failed(at(0), None), Care::None);
        }
        assert_eq!((endpoint.failed(at(0), None), endpoint.room(at(4))), (Care::Pause, 0));
        // Seven more were under way.
        for _ in 0..7 {
            assert_eq!(endpoint.failed(at(1), None), Care::None);
        }
        let mut now = 5;
        for pause in [10, 20, 40, 80, 160, 300, 300] {
            assert_eq!(endpoint.room(at(now)), 1);
            assert_eq!(endpoint.failed(at(now), None), Care::Pause);
            assert_eq!((endpoint.room(at(now + pause - 1)), endpoint.room(at(now + pause))), (0, 1));
            now += pause;
        }
        endpoint.succeeded(at(now));
        assert_eq!((endpoint.room(at(now)), endpoint.recovered_at), (MAX_IN_FLIGHT, Some(at(now))));
        assert_eq!(endpoint.failed(at(now), None), Care::None);
    }

    #[test]
    fn an_endpoint_that_asks_for_a_rest_gets_it() {
        let mut endpoint = endpoint();
        assert_eq!(endpoint.failed(at(0), Some(Duration::from_secs(90))), Care::Pause);
        assert_eq!((endpoint.room(at(89)), endpoint.room(at(90))), (0, 1));
        endpoint.renewed();
        assert_eq!(endpoint.room(at(1)), MAX_IN_FLIGHT);
        assert_eq!(endpoint.failed(at(0), Some(Duration::ZERO)), Care::None);
    }

    #[test]
    fn five_days_of_failure_and_not_one_outage() {
        // The tries of one delivery: over within a day and a half.
        let mut endpoint = endpoint();
        let tries = [0, 5, 305, 2_105, 9_305, 27_305, 63_305, 99_305];
        assert!(tries.iter().all(|&second| endpoint.failed(at(second), None) != Care::GiveUp));
        // It goes on failing; the days count from the first failure that was twelve hours after the first.
        let counted_from = tries[6];
        let day = 24 * HOUR;
        for hour in (28..=137).step_by(3) {
            let now = hour * HOUR;
            let care = endpoint.failed(at(now), None);
            assert_eq!(care == Care::GiveUp, now - counted_from >= 5 * day, "{hour}");
        }
        // A success on the way ends the count.
        endpoint.succeeded(at(100 * HOUR));
        assert_ne!(endpoint.failed(at(200 * HOUR), None), Care::GiveUp);
    }

    #[test]
    fn a_failure_now_and_then_is_no_failing() {
        let mut endpoint = endpoint();
        for day in 0..20 {
            assert_ne!(endpoint.failed(at(day * 25 * HOUR), None), Care::GiveUp, "one a day and nothing else");
        }
        let mut endpoint = self::endpoint();
        for minute in 0..60 {
            assert_ne!(endpoint.failed(at(minute * 60), None), Care::GiveUp);
        }
        assert_ne!(endpoint.failed(at(6 * 24 * HOUR), None), Care::GiveUp, "an hour of failures is one outage");
    }
}
