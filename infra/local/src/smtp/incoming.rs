//! A mail at the door, and where it goes.

use std::net::IpAddr;

/// Where received mail goes.
#[derive(Clone, Debug)]
pub struct ReceiverSettings {
    /// Bucket of the raw mail.
    pub bucket: String,
    /// What stands before the message id in the object key.
    pub key_prefix: String,
    /// Region named in the `Received` header.
    pub region: String,
    /// ARN of the function the receipt rule invokes.
    pub function_arn: String,
}

/// A mail at the door.
#[derive(Debug)]
pub struct Incoming {
    /// SES's id of the received message: object key and idempotency key.
    pub message_id: String,
    /// Envelope sender; empty: the null sender.
    pub envelope_from: String,
    /// Envelope recipients, at least one.
    pub recipients: Vec<String>,
    /// What the client called itself.
    pub helo: String,
    /// Where it connected from.
    pub peer: IpAddr,
    /// The message as sent, dots unstuffed.
    pub raw: Vec<u8>,
}
