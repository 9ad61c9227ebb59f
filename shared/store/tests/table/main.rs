//! The store on a real table and a real bucket: an embedded DynamoDB and a folder served as S3, reached by the SDKs'
//! own clients over HTTP.
#![allow(clippy::unwrap_used)]

mod bodies;
mod contacts;
mod credentials;
mod events;
mod indexes;
mod lists;
mod sample;
mod thread_filters;
mod totals;
mod transactions;
mod world;
