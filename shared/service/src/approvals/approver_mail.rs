//! Mail of ours to the people behind an identity.

use actionlayer_clients::ses::Envelope;
use actionlayer_domain::{
    APPROVALS_LOCAL_PART, DomainName, DraftId, EmailAddress, HeaderText, Identity, LocalPart, Timestamp,
    draft::{Failure, FailureCode, comments_address},
    message::SendOutcome,
};
use actionlayer_mail::{AutoSubmitted, ExtraHeader, OutboundMail, OutboundMailbox};

use crate::App;

/// What is to be told.
pub(crate) struct ApproverMail<'a> {
    /// What it is about, for its Message-ID.
    pub(crate) name: String,
    /// What it is, for the sender's name.
    pub(crate) what: &'static str,
    pub(crate) subject: HeaderText,
    pub(crate) text: &'a str,
    pub(crate) html: Option<&'a str>,
    /// The draft that answers to it are comments on. Other answers are read by nobody.
    pub(crate) comments_on: Option<DraftId>,
}

impl ApproverMail<'_> {
    /// Tells one person, once.
    pub(crate) async fn send(self, app: &App, identity: &Identity, to: &EmailAddress, now: Timestamp) -> SendOutcome {
        let unsendable =
            |reason: &str| SendOutcome::Refused(Failure { code: FailureCode::Rejected, message: reason.to_owned() });
        let domain = identity.email_address.domain().parse::<DomainName>();
        let (Ok(sender), Ok(domain)) = (APPROVALS_LOCAL_PART.parse::<LocalPart>(), domain) else {
            return unsendable("the identity has no domain");
        };
        let from = sender.at(&domain);
        let seed = app.entropy().next_u64();
        let Ok(message_id) = format!("{seed:016x}.{}@{domain}", self.name).parse() else {
            return unsendable("the mail cannot be named");
        };
        let name = HeaderText::sanitize(&format!("{} ({})", identity.display_name.as_str(), self.what));
        let raw = OutboundMail {
            from: OutboundMailbox { name: Some(name), email: from.clone() },
            to: vec![OutboundMailbox::from(to.clone())],
            cc: Vec::new(),
            reply_to: self.comments_on.and_then(|id| comments_address(id, &domain)).map(OutboundMailbox::from),
            subject: self.subject,
            date: now,
            message_id,
            in_reply_to: None,
            references: Vec::new(),
            text: Some(self.text),
            html: self.html,
            attachments: Vec::new(),
            auto_submitted: Some(AutoSubmitted::Generated),
            extra_headers: vec![ExtraHeader::SuppressAutoResponses],
        }
        .build(seed);
        match raw {
            Ok(raw) => app.mailer.send(Envelope { from: &from, recipients: vec![to], raw }, None).await,
            Err(_) => unsendable("the mail cannot be built"),
        }
    }
}
