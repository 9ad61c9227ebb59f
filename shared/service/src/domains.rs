//! Domains and their DNS records.

pub mod create_domain;
pub mod domain_records;
pub mod read_domains;
pub mod verify_domain;
