//! What each operation costs, counted on a real table: round trips and capacity units, to the last one.
#![allow(clippy::unwrap_used)]

mod asking;
mod cycle;
mod deliveries;
mod document;
mod every_operation;
mod operations;
mod pages;
mod scale;
mod schema;
mod tools;
mod unchecked;
mod world;

use cycle::{Step, step};
use operations::{Price, Steps, price};
use world::World;

/// Operation, round trips, requests, read units, write units. A change of these numbers is a change of the bill: see
/// docs/adr/0003 for why each is what it is.
#[rustfmt::skip]
const PRICES: [Price; 20] = [
    price("authenticate", 1, 1, 0.0, 1.0),
    price("receive a mail that begins a thread", 3, 6, 7.0, 15.0),
    price("list 20 threads", 1, 2, 2.0, 0.0),
    price("submit a draft", 2, 2, 4.0, 12.0),
    price("receive an answer that overtakes a draft", 5, 8, 10.0, 23.0),
    price("receive an answer", 4, 7, 9.0, 16.0),
    price("receive the same mail again", 1, 1, 2.0, 0.0),
    price("get a thread of 3 messages and a draft", 2, 3, 3.0, 0.0),
    price("submit a draft beside a stale one", 2, 2, 4.0, 12.0),
    price("relay 2 changes", 2, 3, 2.0, 1.0),
    price("relay them again", 2, 3, 2.0, 0.0),
    price("approve a draft", 2, 2, 1.0, 4.0),
    price("send a draft", 3, 6, 6.0, 8.0),
    price("hand a mail to SES and record it", 4, 4, 5.0, 24.0),
    price("find that it was handed over before", 2, 2, 5.0, 0.0),
    price("take in that SES took it", 1, 1, 1.0, 0.0),
    price("take in that it was delivered", 2, 2, 1.0, 1.0),
    price("carry out a rule that tags a thread", 13, 14, 10.0, 15.0),
    price("find that it was carried out before", 2, 2, 2.0, 0.0),
    price("carry out one that changes nothing, beside one that does not match", 12, 13, 10.0, 8.0),
];

#[tokio::test]
async fn each_operation_costs_what_it_should() {
    let world = World::start().await;
    let counted = Steps::new(&world, "a").count().await;
    assert_eq!(counted, PRICES, "\n{}", operations::table(&counted));
}

#[tokio::test]
async fn the_price_does_not_grow_with_the_table() {
    let world = World::start().await;
    world.seed(600).await;
    let counted = Steps::new(&world, "a").count().await;
    assert_eq!(counted, PRICES, "\n{}", operations::table(&counted));
}

/// Asking, deciding where people are, and saying so everywhere. A press is the whole request of the provider or browser;
/// telling is a job of the notify worker for all three channels at once; half a read unit for each channel or chat is the
/// look at its line.
#[rustfmt::skip]
const ASKING: &[Price] = &[
    price("ask in Slack, in Telegram and by mail", 10, 14, 13.0, 5.0),
    price("find that all were asked", 2, 3, 4.0, 0.0),
    price("open the dialog to edit, in Slack", 3, 4, 5.0, 0.0),
    price("approve in Slack", 5, 6, 6.0, 4.0),
    price("approve in Slack, too late", 4, 5, 6.0, 0.0),
    price("say everywhere that it was approved", 6, 9, 9.0, 4.0),
    price("find that everything says so", 2, 3, 4.0, 0.0),
    price("approve and send in Telegram", 6, 10, 11.0, 10.0),
    price("say everywhere that it is on its way", 6, 9, 9.0, 4.0),
    price("open the page of a link", 3, 4, 6.0, 0.0),
    price("approve by a link", 4, 5, 5.0, 4.0),
];

#[tokio::test]
async fn asking_and_deciding_cost_what_they_should() {
    let world = World::start().await;
    let counted = asking::count(&world).await;
    assert_eq!(counted, ASKING, "\n{}", operations::table(&counted));
}

/// What follows from an event, with the queues' jobs as they come.
#[rustfmt::skip]
const DELIVERIES: &[Price] = &[
    price("make a mail known that no webhook waits for", 2, 3, 2.0, 1.0),
    price("make one known that three wait for", 3, 6, 2.0, 7.0),
    price("make it known again", 3, 6, 2.0, 0.0),
    price("deliver it, with an answer to keep", 9, 11, 6.5, 4.0),
    price("deliver it, with an empty answer", 9, 11, 6.5, 4.0),
    price("deliver it to one that fails", 9, 11, 6.5, 6.0),
    price("find that it was delivered before", 5, 6, 3.0, 2.0),
];

#[tokio::test]
async fn each_event_and_each_delivery_costs_what_it_should() {
    let world = World::start().await;
    let counted = deliveries::count(&world).await;
    assert_eq!(counted, DELIVERIES, "\n{}", operations::table(&counted));
}

/// Every operation of the API, the caller's authentication included (1 round trip, 1 write unit).
#[rustfmt::skip]
const EVERY_OPERATION: &[Price] = &[
    price("GET /v1/threads", 2, 3, 2.0, 1.0),
    price("GET /v1/threads?status=open", 2, 4, 2.5, 1.0),
    price("GET /v1/threads?needs_review=true", 2, 6, 3.5, 1.0),
    price("GET /v1/threads?needs_review=true&wait=20", 2, 6, 3.5, 1.0),
    price("GET /v1/threads?identity_id={id}", 2, 3, 2.0, 1.0),
    price("GET /v1/threads/{id}", 3, 4, 3.0, 1.0),
    price("GET /v1/threads/{id}/messages", 3, 3, 1.5, 1.0),
    price("PATCH /v1/threads/{id}", 3, 3, 1.0, 5.0),
    price("GET /v1/messages/{id}", 2, 2, 1.0, 1.0),
    price("GET /v1/messages/{id}/raw", 2, 2, 1.0, 1.0),
    price("GET /v1/messages/{id}/attachments/{attachment_id}", 2, 2, 1.0, 1.0),
    price("POST /v1/drafts", 3, 3, 4.0, 13.0),
    price("POST /v1/drafts/{id}/reject", 3, 3, 2.0, 14.0),
    price("GET /v1/drafts", 2, 9, 4.0, 1.0),
    price("GET /v1/drafts/{id}", 2, 2, 1.0, 1.0),
    price("PATCH /v1/drafts/{id}", 4, 4, 3.0, 6.0),
    price("GET /v1/drafts/{id}/versions", 3, 3, 2.0, 1.0),
    price("POST /v1/drafts/{id}/notify", 2, 2, 1.0, 1.0),
    price("POST /v1/drafts/{id}/approve", 3, 3, 1.0, 5.0),
    price("POST /v1/drafts/{id}/send", 4, 7, 6.0, 9.0),
    price("POST /v1/emails/send", 5, 6, 4.0, 20.0),
    price("POST /v1/emails/reply", 5, 6, 8.0, 15.0),
    price("POST /v1/uploads", 2, 2, 0.0, 2.0),
    price("POST /v1/contacts", 4, 4, 2.0, 8.0),
    price("GET /v1/contacts", 2, 3, 1.0, 1.0),
    price("GET /v1/contacts/{id}", 3, 3, 1.5, 1.0),
    price("PATCH /v1/contacts/{id}", 4, 4, 1.5, 5.0),
    price("DELETE /v1/contacts/{id}", 4, 4, 1.5, 8.0),
    price("PATCH /v1/workspace", 3, 3, 1.0, 2.0),
    price("GET /v1/inbound/pending", 2, 3, 1.0, 1.0),
    price("POST /v1/inbound/pending/{id}/approve", 8, 11, 9.0, 28.0),
    price("POST /v1/inbound/pending/{id}/block", 8, 8, 5.0, 15.0),
    price("GET /v1/suppressions", 2, 3, 1.0, 1.0),
    price("DELETE /v1/suppressions/{id}", 4, 4, 1.5, 7.0),
    price("POST /v1/rules", 4, 4, 2.0, 5.0),
    price("GET /v1/rules", 2, 2, 1.0, 1.0),
    price("GET /v1/rules/{id}", 2, 2, 1.0, 1.0),
    price("PATCH /v1/rules/{id}", 3, 3, 1.0, 2.0),
    price("POST /v1/rules/test", 5, 5, 4.0, 1.0),
    price("DELETE /v1/rules/{id}", 3, 3, 1.0, 2.0),
    price("POST /v1/webhooks", 4, 4, 2.0, 7.0),
    price("GET /v1/webhooks", 2, 2, 1.0, 1.0),
    price("GET /v1/webhooks/{id}", 2, 2, 1.0, 1.0),
    price("PATCH /v1/webhooks/{id}", 3, 3, 1.0, 2.0),
    price("POST /v1/webhooks/{id}/rotate-secret", 4, 4, 2.0, 5.0),
    price("POST /v1/webhooks/{id}/test", 3, 3, 1.0, 9.0),
    price("GET /v1/webhooks/{id}/deliveries", 3, 3, 1.5, 1.0),
    price("GET /v1/webhooks/{id}/deliveries/{delivery_id}", 3, 3, 2.0, 1.0),
    price("POST /v1/webhooks/{id}/replay", 3, 3, 2.0, 1.0),
    price("POST /v1/webhooks/{id}/deliveries/{delivery_id}/redeliver", 4, 4, 2.0, 6.0),
    price("DELETE /v1/webhooks/{id}", 4, 4, 2.0, 5.0),
    price("GET /v1/events?wait=0", 2, 3, 1.0, 1.0),
    price("GET /v1/workspace", 2, 2, 1.0, 1.0),
    price("GET /v1/workspace/slack", 2, 2, 1.0, 1.0),
    price("POST /v1/workspace/export", 3, 3, 1.0, 6.0),
    price("GET /v1/workspace/export", 2, 2, 1.0, 1.0),
    price("POST /v1/workspace/deletion", 4, 4, 2.0, 8.0),
    price("GET /v1/workspace/deletion", 2, 2, 1.0, 1.0),
    price("DELETE /v1/workspace/deletion", 3, 3, 1.0, 6.0),
    price("GET /v1/billing/subscription", 3, 6, 5.0, 1.0),
    price("POST /v1/billing/checkout", 1, 1, 0.0, 1.0),
    price("POST /v1/billing/portal", 1, 1, 0.0, 1.0),
    price("POST /v1/api-keys", 2, 2, 0.0, 5.0),
    price("GET /v1/api-keys", 3, 3, 3.0, 1.0),
    price("DELETE /v1/api-keys/{id}", 6, 6, 5.0, 5.0),
    price("POST /v1/identities", 5, 5, 3.0, 9.0),
    price("GET /v1/identities", 2, 2, 1.0, 1.0),
    price("GET /v1/identities/{id}", 2, 2, 1.0, 1.0),
    price("PATCH /v1/identities/{id}", 3, 3, 1.0, 2.0),
    price("POST /v1/identities/{id}/test-email", 5, 6, 4.0, 20.0),
    price("DELETE /v1/identities/{id}", 6, 6, 4.0, 5.0),
    price("POST /v1/domains", 6, 6, 4.0, 12.0),
    price("GET /v1/domains", 2, 2, 1.0, 1.0),
    price("GET /v1/domains/{id}", 2, 2, 1.0, 1.0),
    price("POST /v1/domains/{id}/verify", 5, 5, 3.0, 4.0),
    price("DELETE /v1/domains/{id}", 6, 7, 5.0, 12.0),
];

#[tokio::test]
async fn each_request_costs_what_it_should() {
    let world = World::start().await;
    let counted = every_operation::count(&world).await;
    assert_eq!(counted, EVERY_OPERATION, "\n{}", operations::table(&counted));
}

#[test]
fn no_operation_is_without_a_price() {
    let document = actionlayer_api::openapi::document();
    let operations = document["paths"].as_object().unwrap().iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().keys().filter(|method| *method != "parameters");
        methods.map(move |method| format!("{} {path}", method.to_uppercase()))
    });
    operations::assert_priced(operations, EVERY_OPERATION, &every_operation::UNCOUNTED);
}

/// Every page of the dashboard, the visitor's session, membership and workspace, and whether that is to be deleted, included (2
/// round trips, 5 read units). In the middle of a month: what happened in the last 30 days lies in two.
#[rustfmt::skip]
const EVERY_PAGE: &[Price] = &[
    price("GET /", 3, 3, 6.0, 0.0),
    price("GET /onboarding", 4, 18, 15.0, 0.0),
    price("GET /inbox", 4, 20, 16.0, 0.0),
    price("GET /inbox?show=all", 4, 17, 14.5, 0.0),
    price("GET /threads/{id}", 7, 10, 13.5, 0.0),
    price("GET /messages/{id}/html", 3, 3, 6.0, 0.0),
    price("GET /messages/{id}/raw", 3, 3, 6.0, 0.0),
    price("GET /messages/{id}/files/{file}", 3, 3, 6.0, 0.0),
    price("GET /drafts", 3, 4, 6.0, 0.0),
    price("GET /drafts/{id}", 4, 7, 11.0, 0.0),
    price("GET /drafts/{id}/html", 4, 5, 9.0, 0.0),
    price("GET /held", 3, 5, 7.0, 0.0),
    price("GET /contacts", 3, 4, 6.0, 0.0),
    price("GET /contacts/{id}", 4, 4, 6.5, 0.0),
    price("GET /identities", 3, 4, 7.0, 0.0),
    price("GET /identities/new", 3, 3, 6.0, 0.0),
    price("GET /identities/{id}", 3, 3, 6.0, 0.0),
    price("GET /domains", 3, 3, 6.0, 0.0),
    price("GET /domains/{id}", 3, 4, 7.0, 0.0),
    price("GET /rules", 3, 3, 6.0, 0.0),
    price("GET /rules/new", 2, 2, 5.0, 0.0),
    price("GET /rules/{id}", 6, 7, 9.0, 0.0),
    price("GET /rules/{id}/edit", 3, 3, 6.0, 0.0),
    price("GET /webhooks", 3, 3, 6.0, 0.0),
    price("GET /webhooks/{id}", 4, 5, 7.5, 0.0),
    price("GET /webhooks/{id}/deliveries/{delivery}", 4, 4, 7.0, 0.0),
    price("GET /events", 4, 4, 6.0, 0.0),
    price("GET /suppressions", 3, 4, 6.0, 0.0),
    price("GET /usage", 4, 17, 15.0, 0.0),
    price("GET /billing", 4, 7, 10.0, 0.0),
    price("GET /settings", 3, 3, 6.0, 0.0),
    price("GET /settings/keys", 4, 5, 8.0, 0.0),
    price("GET /settings/users", 6, 6, 8.5, 0.0),
    price("GET /settings/sessions", 3, 3, 6.0, 0.0),
    price("GET /settings/audit", 3, 3, 5.5, 0.0),
    price("GET /settings/export", 3, 3, 6.0, 0.0),
    price("GET /settings/export/{part}", 3, 3, 6.0, 0.0),
    price("GET /settings/delete", 2, 2, 5.0, 0.0),
    price("GET /workspaces", 5, 5, 7.0, 0.0),
];

#[tokio::test]
async fn each_page_costs_what_it_should() {
    let world = World::start_in_mid_month().await;
    let counted = pages::count(&world).await;
    assert_eq!(counted, EVERY_PAGE, "\n{}", operations::table(&counted));
}

#[test]
fn no_page_is_without_a_price() {
    let named = pages::named_in_the_source();
    assert!(named.len() > 40, "{named:?}");
    operations::assert_priced(named, EVERY_PAGE, &pages::UNCOUNTED);
}

/// One cycle, with all that the relay does about each step.
#[rustfmt::skip]
const CYCLE: &[Step] = &[
    step("receive a mail", 3, 7.0, 15.0, 0, 1),
    step("relay it: its event, its participant", 3, 2.0, 2.0, 0, 0),
    step("post its words", 3, 2.5, 1.0, 0, 0),
    step("authenticate", 1, 0.0, 1.0, 0, 0),
    step("submit a draft", 2, 4.0, 12.0, 0, 0),
    step("relay it: its event, its approvers", 2, 2.0, 1.0, 0, 0),
    step("authenticate", 1, 0.0, 1.0, 0, 0),
    step("approve it", 2, 1.0, 4.0, 0, 0),
    step("relay it: its event", 2, 2.0, 1.0, 0, 0),
    step("authenticate", 1, 0.0, 1.0, 0, 0),
    step("send it", 3, 6.0, 8.0, 0, 0),
    step("relay it: its job", 0, 0.0, 0.0, 0, 0),
    step("hand it to SES and record it", 4, 5.0, 24.0, 1, 0),
    step("relay it: its events, its participant", 3, 2.0, 5.0, 0, 0),
    step("post its words", 3, 2.0, 1.0, 0, 0),
    step("take in that SES took it", 1, 1.0, 0.0, 0, 0),
    step("take in that it was delivered", 2, 1.0, 1.0, 0, 0),
    step("relay it: its event", 2, 2.0, 1.0, 0, 0),
];

/// What follows for the words of so many mails.
const MERGED: usize = 32;
const MERGE: Step = step("merge the words of 32 mails", 3, 3.0, 33.0, 1, 0);

#[tokio::test]
async fn a_cycle_costs_what_it_should() {
    let world = World::start().await;
    let counted = cycle::count(&world).await;
    assert_eq!(counted, CYCLE, "\n{}", cycle::lines(&counted));
}

#[tokio::test]
async fn merging_words_costs_what_it_should() {
    let world = World::start().await;
    let counted = cycle::count_merge(&world, MERGED).await;
    assert_eq!(counted, MERGE, "\n{}", cycle::lines(&[counted]));
}

#[test]
fn the_bill_is_as_documented_and_below_its_bounds() {
    let costs = document::costs(CYCLE, &MERGE, MERGED, EVERY_PAGE);
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/COSTS.md");
    if std::env::var_os("UPDATE_COSTS").is_some() {
        std::fs::write(file, &costs.text).unwrap();
    }
    let written = std::fs::read_to_string(file).unwrap_or_default();
    assert!(written == costs.text, "out of date: UPDATE_COSTS=1 cargo test -p actionlayer-local --test costs");
    assert!(costs.without_ses <= 0.1e-3 && costs.in_all <= 0.3e-3, "{} {}", costs.without_ses, costs.in_all);
}

#[test]
fn how_far_it_goes_is_as_documented() {
    let text = scale::scale(CYCLE, &MERGE, MERGED);
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/SCALE.md");
    if std::env::var_os("UPDATE_COSTS").is_some() {
        std::fs::write(file, &text).unwrap();
    }
    let written = std::fs::read_to_string(file).unwrap_or_default();
    assert!(written == text, "out of date: UPDATE_COSTS=1 cargo test -p actionlayer-local --test costs");
}

/// Every tool of `/mcp`, the caller's authentication included.
#[rustfmt::skip]
const EVERY_TOOL: &[Price] = &[
    price("list_threads", 2, 3, 2.0, 1.0),
    price("list_threads, needs_review", 2, 6, 3.5, 1.0),
    price("get_thread", 3, 4, 3.0, 1.0),
    price("get_thread, older ones", 5, 6, 4.5, 1.0),
    price("search_messages", 2, 2, 0.5, 1.0),
    price("get_attachment", 2, 2, 1.0, 1.0),
    price("wait_for_message", 3, 3, 2.0, 1.0),
    price("wait_for_message, there is some", 3, 4, 3.0, 1.0),
    price("submit_draft", 8, 8, 6.5, 18.0),
    price("submit_draft, again", 4, 4, 2.5, 1.0),
    price("list_drafts", 2, 9, 4.0, 1.0),
    price("get_draft", 2, 2, 1.0, 1.0),
    price("edit_draft", 5, 5, 4.0, 6.0),
    price("approve_draft", 3, 3, 1.0, 5.0),
    price("send_draft", 4, 7, 6.0, 9.0),
    price("send_draft, again", 4, 7, 7.0, 1.0),
    price("submit_draft, without a thread", 7, 7, 5.0, 17.0),
    price("reject_draft", 3, 3, 2.0, 14.0),
    price("list_identities", 2, 2, 1.0, 1.0),
    price("get_identity", 2, 2, 1.0, 1.0),
    price("list_contacts", 2, 3, 1.0, 1.0),
    price("get_contact", 3, 3, 1.5, 1.0),
    price("list_pending_inbound", 2, 3, 1.0, 1.0),
];

#[tokio::test]
async fn each_tool_costs_what_it_should() {
    let world = World::start().await;
    let counted = tools::count(&world).await;
    assert_eq!(counted, EVERY_TOOL, "\n{}", operations::table(&counted));
}

#[test]
fn no_tool_is_without_a_price() {
    let all = actionlayer_mcp::listed(actionlayer_domain::Role::Full);
    operations::assert_priced(all.iter().map(|tool| tool.name.to_string()), EVERY_TOOL, &tools::UNCOUNTED);
}
