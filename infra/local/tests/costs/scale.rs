//! docs/SCALE.md: where the first limit lies, from the units that the tests count and the quotas of AWS.

use std::fmt::Write as _;

use actionlayer_local::template::{TEMPLATE, Template, Trigger};

use crate::cycle::Step;

/// Quotas, as AWS publishes them; a deployment's own are in its console under Service Quotas.
mod quota {
    /// Write units a second of one partition key's partition (DynamoDB, "Best practices for designing partition keys").
    pub(super) const PARTITION_WRITES: f64 = 1_000.0;
    /// Write units a second that a new table takes at once (DynamoDB, "On-demand capacity mode").
    pub(super) const NEW_TABLE_WRITES: f64 = 4_000.0;
    /// Write units a second of one table, before one asks for more.
    pub(super) const TABLE_WRITES: f64 = 40_000.0;
    /// Mails a second that SES takes of an account that left the sandbox a short while ago; in the sandbox it is 1.
    pub(super) const SES_MAILS: f64 = 14.0;
    /// Functions of an account that run at once.
    pub(super) const CONCURRENCY: f64 = 1_000.0;
}

/// What is taken for the time of things that are not counted. Put your own in.
mod taken {
    /// One request to the table or the bucket, and its answer.
    pub(super) const ROUND_TRIP_SECONDS: f64 = 0.005;
    /// SES taking a mail.
    pub(super) const SES_SECONDS: f64 = 0.1;
}

struct Row {
    what: &'static str,
    /// The limit, and what one mail takes of it.
    of: String,
    /// Mails in a minute at which it is reached.
    a_minute: f64,
    seen: &'static str,
    change: &'static str,
}

/// The document. `merge` is what merging the words of `merged` mails costs.
#[allow(clippy::too_many_lines, reason = "a table, line by line")]
pub(crate) fn scale(steps: &[Step], merge: &Step, merged: usize) -> String {
    let template = Template::parse(TEMPLATE).unwrap();
    #[allow(clippy::cast_precision_loss, reason = "some dozens")]
    let share = merge.write_units / merged as f64;
    // What arrives: received, relayed, its words posted and merged. The rest of the cycle answers it.
    let arrival: f64 = steps[..3].iter().map(|step| step.write_units).sum::<f64>() + share;
    let cycle: f64 = steps.iter().map(|step| step.write_units).sum::<f64>() + 2.0 * share;
    let seconds = |name: &str| {
        let step = steps.iter().find(|step| step.name.starts_with(name)).unwrap();
        #[allow(clippy::cast_precision_loss, reason = "a few")]
        let trips = (step.round_trips + step.blob_gets + step.blob_puts) as f64;
        trips * taken::ROUND_TRIP_SECONDS
    };
    let workers = |function: &str| {
        let triggers = &template.functions[function].triggers;
        let at_once = triggers.iter().find_map(|trigger| match trigger {
            Trigger::Queue { max_concurrency, .. } => *max_concurrency,
            _ => None,
        });
        f64::from(at_once.unwrap())
    };
    let requests: f64 = template.parameters["RequestsPerSecond"].parse().unwrap();
    let send_seconds = seconds("hand it to SES") + taken::SES_SECONDS;
    let mut rows = [
        Row {
            what: "mail out: what SES takes",
            of: format!("{} a second", quota::SES_MAILS),
            a_minute: quota::SES_MAILS * 60.0,
            seen: "sends are put back by SES and leave later; `SendQueue` grows old",
            change: "ask SES for a higher rate: it is the account's, and grows with what one sends well",
        },
        Row {
            what: "mail out: workers of `send`",
            of: format!("{} at once, {:.0} ms each", workers("SendFunction"), send_seconds * 1e3),
            a_minute: workers("SendFunction") / send_seconds * 60.0,
            seen: "`SendQueue` grows old",
            change: "`MaximumConcurrency` of `SendFunction`, once SES takes more",
        },
        Row {
            what: "the API: requests of all callers",
            of: format!("{requests} a second, 3 for an answer"),
            a_minute: requests / 3.0 * 60.0,
            seen: "429 of API Gateway, in the dashboard as 4xx",
            change: "the parameter `RequestsPerSecond`",
        },
        Row {
            what: "mail in: the relay, one reader of one shard",
            of: format!("{:.0} ms a mail, at worst one a batch", seconds("relay it: its event, its participant") * 1e3),
            a_minute: 60.0 / seconds("relay it: its event, its participant"),
            seen: "RelayLagAlarm: questions and events come later, batches get larger and cheaper; nothing is lost",
            change: "`ParallelizationFactor` of the mapping: order is needed within a thread only",
        },
        Row {
            what: "mail in to one identity, if all it writes met in one partition",
            of: format!("{} units a second, {arrival:.0} a mail", quota::PARTITION_WRITES),
            a_minute: quota::PARTITION_WRITES / arrival * 60.0,
            seen: "writes are throttled: `ingest` is tried again by Lambda, for six hours",
            change: "nothing for threads, each of which has a partition; the lists of one workspace could be spread over several",
        },
        Row {
            what: "whole answers, in the first half hour of a new table",
            of: format!("{} units a second, {cycle:.0} a cycle", quota::NEW_TABLE_WRITES),
            a_minute: quota::NEW_TABLE_WRITES / cycle * 60.0,
            seen: "writes are throttled until the table has grown, by itself, to twice its last peak",
            change: "warm throughput of the table, set before a storm that is known of",
        },
        Row {
            what: "whole answers, in one table",
            of: format!("{} units a second, {cycle:.0} a cycle", quota::TABLE_WRITES),
            a_minute: quota::TABLE_WRITES / cycle * 60.0,
            seen: "writes are throttled",
            change: "a higher quota, which AWS gives; or a deployment for each group of customers",
        },
        Row {
            what: "mail in: functions that run at once",
            of: format!("{} at once, {:.0} ms each", quota::CONCURRENCY, seconds("receive a mail") * 1e3),
            a_minute: quota::CONCURRENCY / seconds("receive a mail") * 60.0,
            seen: "throttles of functions; mail waits in Lambda, for six hours",
            change: "a higher quota; reserved concurrency for `ingest`",
        },
    ];
    rows.sort_by(|one, other| one.a_minute.total_cmp(&other.a_minute));
    let mut text = String::from(HEAD);
    text.push_str(
        "| limit | of which | mails a minute | what is seen | what would be changed |\n|---|---|--:|---|---|\n",
    );
    for Row { what, of, a_minute, seen, change } in &rows {
        let _ = writeln!(text, "| {what} | {of} | {} | {seen} | {change} |", grouped(*a_minute));
    }
    let _ = writeln!(
        text,
        "\nRound trips are taken as {:.0} ms and SES as {:.0} ms; both are a deployment's own. Units are counted.",
        taken::ROUND_TRIP_SECONDS * 1e3,
        taken::SES_SECONDS * 1e3,
    );
    let storm = 1_000.0 / 60.0 * arrival;
    let _ = write!(
        text,
        "\n## What happens if\n\n\
         - **One identity gets 1,000 mails a minute**: {storm:.0} write units a second, {:.0} % of what one partition takes at the very worst, and ${:.2} an hour \
           of the table. Its drafts are asked about as before: words for the search, which are most of the work, have a queue of their own.\n",
        storm / quota::PARTITION_WRITES * 100.0,
        storm * 3_600.0 * 0.625e-6,
    );
    text.push_str(TAIL);
    text
}

/// As `12,345`, without what is less than one.
fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

const HEAD: &str = "\
<!-- Made by `UPDATE_COSTS=1 cargo test -p actionlayer-local --test costs`. The same test fails when this file is out of date. -->

# How far it goes

Where the first limit lies, on paper: the units of each step are counted on a real table by the tests that also make [COSTS.md](COSTS.md), the
quotas are AWS's. Nobody has run this much through a deployment yet.

";

const TAIL: &str = "\
- **A workspace has a million threads**: nothing that is read or written grows with it. A list of 20 threads is 2 read units, and the costs of every operation are
  held by a test on a table with hundreds of threads as on an empty one. The search reads segments whose number grows with the logarithm of the mails.
- **A storm of mail comes**: it waits in Lambda's queue for six hours, and in the bucket for two days after that, from where `sweep` takes it in. Sends and approvals have
  queues and workers of their own. What it costs is the line of COSTS.md about one mail, so often.
- **Somebody floods the API**: the limits of keys and addresses (`RateLimits`) answer 429 before anything but the counter is written; all callers together have
  `RequestsPerSecond`. `MonthlyBudgetUsd` tells before it is expensive.
- **A region fails**: the deployment is down, and SES's senders try again for some days, as mail does. Table and bucket are of the region. What would be changed: a global table and a
  replicated bucket, and a second deployment that takes over the MX records; ids are unique everywhere, but who claims a send must be one region.
- **One customer's endpoint hangs**: it has one worker at a time, eight requests at most, and a rest after five failures. 20 such endpoints take all workers of `webhook`
  for at most 50 seconds each.
";
