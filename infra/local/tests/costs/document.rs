//! docs/COSTS.md, made from the counts that the tests assert.

use std::fmt::Write as _;

use crate::{cycle::Step, operations};

/// What AWS charges for one of something, in US dollars. List prices of us-east-1, without any free tier.
struct Price {
    service: &'static str,
    of: &'static str,
    dollars: f64,
    /// How it is written in the price list.
    listed: &'static str,
}

const PRICES_OF: &str = "November 2026; DynamoDB's have been the same since November 2024";

const WRITE: Price =
    Price { service: "DynamoDB", of: "write request unit", dollars: 0.625e-6, listed: "$0.625 per million" };
const READ: Price =
    Price { service: "DynamoDB", of: "read request unit", dollars: 0.125e-6, listed: "$0.125 per million" };
const PUT: Price = Price { service: "S3", of: "PUT request", dollars: 5e-6, listed: "$0.005 per 1,000" };
const GET: Price = Price { service: "S3", of: "GET request", dollars: 0.4e-6, listed: "$0.0004 per 1,000" };
const INVOCATION: Price =
    Price { service: "Lambda (arm64)", of: "invocation", dollars: 0.2e-6, listed: "$0.20 per million" };
const GB_SECOND: Price =
    Price { service: "Lambda (arm64)", of: "GB-second", dollars: 13.333_4e-6, listed: "$0.0000133334" };
const HTTP: Price = Price { service: "API Gateway (HTTP)", of: "request", dollars: 1e-6, listed: "$1.00 per million" };
const QUEUE: Price = Price { service: "SQS", of: "request", dollars: 0.4e-6, listed: "$0.40 per million" };
const TOPIC: Price = Price { service: "SNS", of: "publication", dollars: 0.5e-6, listed: "$0.50 per million" };
const LOGGED: Price = Price { service: "CloudWatch Logs", of: "KB taken in", dollars: 0.5e-6, listed: "$0.50 per GB" };
const MAIL: Price = Price { service: "SES", of: "mail, in or out", dollars: 0.1e-3, listed: "$0.10 per 1,000" };

/// What a cycle asks of the services that the store does not meter: each step by itself, nothing batched with another.
mod asked {
    /// `ingest`, three of the API, `relay` after each of six steps, `send`, `notify`, `index` twice and `feedback` twice.
    pub(super) const INVOCATIONS: f64 = 16.0;
    /// How long an invocation takes: some requests to the table, one after the other.
    pub(super) const SECONDS: f64 = 0.05;
    /// `MemorySize` of most functions.
    pub(super) const GB: f64 = 0.5;
    /// Submit, approve, send.
    pub(super) const HTTP_REQUESTS: f64 = 3.0;
    /// To send, receive and delete a job of the send queue, one of the notify queue and two of the index queue; to receive and
    /// delete two events of SES.
    pub(super) const QUEUE_REQUESTS: f64 = 16.0;
    /// That SES took the mail, and that it was delivered.
    pub(super) const PUBLICATIONS: f64 = 2.0;
    /// SES puts the mail into the bucket.
    pub(super) const PUTS_BY_SES: f64 = 1.0;
    /// One line for each invocation, and Lambda's own report.
    pub(super) const LOGGED_KB: f64 = 16.0 * 0.6;
    /// The mail that came in, and the one that went out.
    pub(super) const MAILS: f64 = 2.0;
}

struct Line {
    price: Price,
    count: f64,
}

/// A document, and what a cycle costs in US dollars: without SES, and in all.
pub(crate) struct Costs {
    pub(crate) text: String,
    pub(crate) without_ses: f64,
    pub(crate) in_all: f64,
}

/// `merge` is what merging the words of `merged` mails costs; a cycle has two mails. `pages` are those of the dashboard.
#[allow(clippy::cast_precision_loss, reason = "counts are small")]
pub(crate) fn costs(steps: &[Step], merge: &Step, merged: usize, pages: &[operations::Price]) -> Costs {
    let share = 2.0 / merged as f64;
    let sum = |of: fn(&Step) -> f64| steps.iter().map(of).sum::<f64>() + of(merge) * share;
    let lines = [
        Line { price: WRITE, count: sum(|step| step.write_units) },
        Line { price: READ, count: sum(|step| step.read_units) },
        Line { price: PUT, count: sum(|step| step.blob_puts as f64) + asked::PUTS_BY_SES },
        Line { price: GET, count: sum(|step| step.blob_gets as f64) },
        Line { price: INVOCATION, count: asked::INVOCATIONS },
        Line { price: GB_SECOND, count: asked::INVOCATIONS * asked::SECONDS * asked::GB },
        Line { price: HTTP, count: asked::HTTP_REQUESTS },
        Line { price: QUEUE, count: asked::QUEUE_REQUESTS },
        Line { price: TOPIC, count: asked::PUBLICATIONS },
        Line { price: LOGGED, count: asked::LOGGED_KB },
        Line { price: MAIL, count: asked::MAILS },
    ];
    let dollars = |lines: &[Line]| lines.iter().map(|line| line.count * line.price.dollars).sum::<f64>();
    let in_all = dollars(&lines);
    let without_ses = in_all - asked::MAILS * MAIL.dollars;

    let mut text = String::from(HEAD);
    let _ = writeln!(
        text,
        "**1,000 cycles cost ${:.3}, of which ${:.3} is what SES charges for 2,000 mails, and ${:.3} is all the rest.**\n",
        in_all * 1e3,
        (in_all - without_ses) * 1e3,
        without_ses * 1e3,
    );
    let _ = writeln!(text, "Prices are list prices of us-east-1 ({PRICES_OF}), in US dollars, without a free tier.\n");
    text.push_str("| service | one | price | in a cycle | 1,000 cycles |\n|---|---|--:|--:|--:|\n");
    for Line { price, count } in &lines {
        let Price { service, of, dollars, listed } = price;
        let _ = writeln!(text, "| {service} | {of} | {listed} | {} | ${:.4} |", number(*count), count * dollars * 1e3);
    }
    text.push_str(FORMULA);
    text.push_str("| step | round trips | read units | write units | S3 PUT | S3 GET |\n|---|--:|--:|--:|--:|--:|\n");
    for step in steps.iter().chain([merge]) {
        let Step { name, round_trips, read_units, write_units, blob_puts, blob_gets } = step;
        let _ = writeln!(
            text,
            "| {name} | {round_trips} | {} | {} | {blob_puts} | {blob_gets} |",
            number(*read_units),
            number(*write_units),
        );
    }
    let _ = writeln!(
        text,
        "| **a cycle, its two mails' share of a merge included** | | **{}** | **{}** | **{}** | **{}** |",
        number(sum(|step| step.read_units)),
        number(sum(|step| step.write_units)),
        number(sum(|step| step.blob_puts as f64)),
        number(sum(|step| step.blob_gets as f64)),
    );
    text.push_str(PAGES);
    for operations::Price { operation, round_trips, requests, read_units, write_units } in pages {
        let _ = writeln!(
            text,
            "| `{operation}` | {round_trips} | {requests} | {} | {} | ${:.2} |",
            number(*read_units),
            number(*write_units),
            (read_units * READ.dollars + write_units * WRITE.dollars) * 1e6,
        );
    }
    text.push_str(TAIL);
    Costs { text, without_ses, in_all }
}

/// With as many digits as it needs, two at most.
fn number(number: f64) -> String {
    let text = format!("{number:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

const HEAD: &str = "\
<!-- Made by `UPDATE_COSTS=1 cargo test -p actionlayer-local --test costs`. The same test fails when this file is out of date. -->

# What it costs to run

A **cycle** is a mail that comes in, the draft that answers it, its approval, its sending, and what SES reports of it. The units
are counted on a real table by `infra/local/tests/costs`, for a plain mail of somebody who wrote before, on a plan without a
cap on mails; the relay's events and the words for the search are in them.

";

const FORMULA: &str = "
The cost of a cycle is the sum over these lines of count times price; put your own region's prices in. What does not depend on
cycles comes beside it: stored data ($0.25 a GB and month in DynamoDB, some 10 KB for a cycle), polling (`GET /v1/threads` of 20
threads is 2 read units, an authenticated request 1 write unit where it counts against a limit), and the schedules of `sweep`.
An approval by mail is one more mail of SES for each approver. An event that a webhook wants is some 6 write units more: its delivery,
written when it comes to be and when it was tried, each time with its place among those to be tried, and its endpoint, taken and
given back; deliveries that are due together share that. Rules are priced step by step in the same tests.

## In which step

";

const PAGES: &str = "
## Pages of the dashboard

What opening a page asks of the table, the visitor's session, membership and workspace included (2 round trips, 5 read units), with
some twenty conversations in the workspace, in the middle of a month (events and runs of the last 30 days lie in two). Round trips
follow one another; requests of one trip go together. Pages that need no session read a link at most. A page that waits looks again
by itself while somebody looks at it: *Get started* every 3 seconds for the first mail, every 10 for the first draft and its approval,
every 30 for DNS; a conversation every 2 seconds while a mail is on its way; an export every 15.

| page | round trips | requests | read units | write units | DynamoDB, a million times |
|---|--:|--:|--:|--:|--:|
";

const TAIL: &str = "
Why each index and item is there, and what it costs, is in [ADR 18](adr/0018-the-bill.md). A cap on mails in the plan makes a
mail's count conditional, which costs no more units but one more read of the counters.
";
