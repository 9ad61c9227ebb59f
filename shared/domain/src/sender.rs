//! How a mail is signed.

use serde::{Deserialize, Serialize};

use crate::{EmailAddress, HeaderText, Identity};

/// What an identity adds to a mail of its own, as it was when the mail was written. Approvers are shown a mail with it, so an
/// identity that is changed afterwards changes nothing about that mail.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sender {
    /// The name in `From`.
    pub name: HeaderText,
    /// Where answers go, if not to the identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<EmailAddress>,
    /// The signature below the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature_text: Option<String>,
    /// The signature below the HTML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature_html: Option<String>,
}

debug_without_content!(Sender);

impl Sender {
    /// How an identity signs now.
    pub fn of(identity: &Identity) -> Self {
        Self {
            name: identity.display_name.clone(),
            reply_to: identity.reply_to_email.clone(),
            signature_text: identity.signature_text.clone(),
            signature_html: identity.signature_html.clone(),
        }
    }
}
