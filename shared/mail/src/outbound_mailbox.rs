//! People in the headers of mail that leaves.

use actionlayer_domain::{EmailAddress, HeaderText};

/// A name and an address to write into a header. Neither can hold a line break.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboundMailbox {
    /// The display name.
    pub name: Option<HeaderText>,
    pub email: EmailAddress,
}

impl From<EmailAddress> for OutboundMailbox {
    fn from(email: EmailAddress) -> Self {
        Self { name: None, email }
    }
}
