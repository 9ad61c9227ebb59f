//! Usage: mails in and out, and what the plan allows.

use actionlayer_channels::legible::moment;
use actionlayer_domain::{Plan, Timestamp, plan::Limits};
use askama::Template;

use super::{Screen, billing::plan_name};
use crate::dashboard::Section;

/// What was used in the period.
#[derive(Debug, Clone, Copy)]
pub struct Used<'a> {
    pub plan: Plan,
    /// When the period began.
    pub since: Timestamp,
    /// When it ends; none when it is a lifetime.
    pub until: Option<Timestamp>,
    /// Mails that went out.
    pub sent: u64,
    /// Mails that came in.
    pub received: u64,
    /// Mails of blocked senders, which were dropped.
    pub dropped: u64,
    /// Identities there are.
    pub identities: u64,
    /// Rules there are.
    pub rules: u64,
    /// Domains there are.
    pub domains: u64,
    /// What the plan allows.
    pub limits: Limits,
    /// Mails of each day, oldest first.
    pub days: &'a [Day],
    /// What became of the mails that went out on these days.
    pub outcomes: Outcomes,
}

/// What became of mails that went out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcomes {
    pub sent: u64,
    /// Taken by the recipient's server.
    pub delivered: u64,
    /// Refused by it for good.
    pub bounced: u64,
    /// Called unwanted by the recipient.
    pub complained: u64,
}

/// The mails of one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// `2026-04-30`.
    pub date: String,
    /// Mails that came in.
    pub received: u64,
    /// Mails that went out.
    pub sent: u64,
}

#[derive(Template)]
#[template(path = "screens/usage.html")]
struct Page<'a> {
    plan: &'static str,
    since: String,
    until: Option<String>,
    meters: Vec<Meter>,
    dropped: u64,
    days: &'a [Day],
    outcomes: Vec<Outcome>,
    bars: Vec<Bar>,
    width: u64,
    most: u64,
}

struct Meter {
    name: &'static str,
    used: u64,
    cap: Option<u64>,
    is_near: bool,
}

struct Outcome {
    name: &'static str,
    count: u64,
    /// Of those that were sent, as `1.5 %`.
    share: String,
    /// More than SES puts up with: it looks into accounts at 5 % bounces and 0.1 % complaints (SES, "Sending review process
    /// FAQs").
    is_too_many: bool,
}

struct Bar {
    x: u64,
    received_y: u64,
    received_height: u64,
    sent_y: u64,
    sent_height: u64,
}

/// How tall the chart is, in its own units, and how wide a day.
const HEIGHT: u64 = 120;
const DAY_WIDTH: u64 = 20;

/// Usage.
pub fn usage(used: Used<'_>) -> Screen {
    let meter = |name, used: u64, cap: Option<u64>| {
        let is_near = cap.is_some_and(|cap| used * 10 >= cap * 9);
        Meter { name, used, cap, is_near }
    };
    let limits = used.limits;
    let most = used.days.iter().map(|day| day.received.max(day.sent)).max().unwrap_or_default().max(1);
    let tall = |count: u64| if count == 0 { 0 } else { (count * HEIGHT / most).max(2) };
    let bars = used.days.iter().zip(0..).map(|(day, at)| Bar {
        x: at * DAY_WIDTH,
        received_y: HEIGHT - tall(day.received),
        received_height: tall(day.received),
        sent_y: HEIGHT - tall(day.sent),
        sent_height: tall(day.sent),
    });
    let page = Page {
        plan: plan_name(used.plan),
        since: moment(used.since),
        until: used.until.map(moment),
        meters: vec![
            meter("Mails out", used.sent, limits.emails_per_period),
            meter("Mails in", used.received, limits.inbound_per_period),
            meter("Identities", used.identities, limits.max_identities.map(u64::from)),
            meter("Rules", used.rules, limits.max_rules.map(u64::from)),
            meter("Domains", used.domains, limits.max_domains.map(u64::from)),
        ],
        dropped: used.dropped,
        days: used.days,
        outcomes: outcomes(used.outcomes),
        bars: bars.collect(),
        width: DAY_WIDTH * u64::try_from(used.days.len()).unwrap_or(1).max(1),
        most,
    };
    Screen::of(Section::Usage, "Usage", &page)
}

fn outcomes(Outcomes { sent, delivered, bounced, complained }: Outcomes) -> Vec<Outcome> {
    if sent == 0 {
        return Vec::new();
    }
    let outcome = |name, count: u64, most_permille: u64| {
        let permille = (count * 1_000 + sent / 2) / sent;
        let share = format!("{}.{} %", permille / 10, permille % 10);
        Outcome { name, count, share, is_too_many: count * 1_000 > most_permille * sent }
    };
    vec![
        outcome("Delivered", delivered, u64::MAX / sent),
        outcome("Bounced", bounced, 50),
        outcome("Complaints", complained, 1),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_are_shares_of_what_was_sent() {
        let of = |sent, delivered, bounced, complained| {
            let outcomes = outcomes(Outcomes { sent, delivered, bounced, complained });
            outcomes.into_iter().map(|one| (one.share, one.is_too_many)).collect::<Vec<_>>()
        };
        let share = |text: &str, is_too_many| (text.to_owned(), is_too_many);
        assert_eq!(of(0, 0, 0, 0), []);
        assert_eq!(of(1_000, 949, 50, 1), [share("94.9 %", false), share("5.0 %", false), share("0.1 %", false)]);
        assert_eq!(of(3, 2, 1, 0), [share("66.7 %", false), share("33.3 %", true), share("0.0 %", false)]);
    }
}
