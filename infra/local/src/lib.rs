//! The whole system on one machine: the functions' own routers and handlers on servers of ours for AWS's services, for
//! Slack and for Telegram.
//!
//! **Job.** Play DynamoDB, S3, SQS, SES, KMS, DNS, Slack and Telegram over their real protocols, closely enough that nothing under
//! `shared/` can tell; and hold every function to its role.
//!
//! **Invariants.** What was acknowledged survives `kill -9`. An operation that is not played is refused by name.
//!
//! **Must never know.** What a thread or a draft is: the rules live in the crates the functions are made of.

/// What each function asked of AWS's services.
pub mod calls;
mod clients;
/// The engine's clock, which can be advanced.
pub mod clock;
mod counters;
/// The demonstration: the whole loop through public interfaces.
pub mod demo;
/// The authoritative DNS server of published zones.
pub mod dns;
/// The table: an embedded DynamoDB.
pub mod dynamodb;
/// The whole system in one process.
pub mod engine;
mod event_sources;
/// Faults on request.
pub mod faults;
/// The HTTP API in front of the functions.
pub mod gateway;
mod group_commit;
/// Lambda: the functions, invoked.
mod in_process;
pub mod invoke;
mod kept;
/// KMS: the key that secrets are sealed with.
pub mod kms;
pub mod listen;
pub mod local_access;
mod local_routes;
mod mail_page;
mod markup;
/// Everything that left.
pub mod outbox;
mod posted_fields;
mod private_file;
/// Where this machine says it is.
pub mod region;
/// What functions may do.
pub mod roles;
/// The bucket: a folder served as S3.
pub mod s3;
/// Sending mail: an SES v2 server.
pub mod ses;
/// Slack, with a page that shows it.
pub mod slack;
/// Receiving mail: an SMTP listener in front of what SES does with a mail.
pub mod smtp;
/// The queues: an SQS server.
pub mod sqs;
/// The engine's durable state.
pub mod state;
/// Telegram, with a page that shows it.
pub mod stripe;

pub mod telegram;
/// `template.yaml`, read.
pub mod template;
