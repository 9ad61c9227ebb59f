//! The system from end to end, through public interfaces: every test on an engine of its own, in a process of its own.
#![allow(
    clippy::unwrap_used,
    clippy::too_many_lines,
    reason = "tests: a panic is how they fail, a story is as long as it is"
)]

mod accounts;
mod approval;
mod approval_page;
mod architecture;
mod arrival_orders;
mod attachments;
mod bad_input;
mod billing;
mod bound_keys;
mod broken_channels;
mod chance;
mod chat_races;
mod cold_drafts;
mod comments;
mod contacts;
mod contract;
mod crashes;
mod dashboard;
mod deletions;
mod delivering;
mod direct_sends;
mod errors;
mod events;
mod every_channel;
mod everything;
mod exactly_once;
mod exports;
mod fairness;
mod floods;
mod following;
mod idempotency;
mod identities;
mod impersonation;
mod lines;
mod lists;
mod long_texts;
mod mail_themes;
mod mcp;
mod people_mail;
mod plans;
mod rate_limits;
mod rules;
mod rules_at_work;
mod rules_examples;
mod rules_many;
mod rules_matrix;
mod rules_meanwhile;
mod rules_once;
mod schedules;
mod sealed_secrets;
mod search;
mod secrecy;
mod sender_links;
mod sender_trust;
mod slack;
mod suppressions;
mod telegram;
mod tenancy;
mod tenants;
mod the_loop;
mod threading;
mod trying_out;
mod unattended;
mod webhooks;
