//! An approver answers the mail that asked them. What they say is a comment on the draft: it reaches whoever wrote it and
//! whoever decides, and decides nothing, since a mail's author is easier to feign than a link is to guess.

use actionlayer_channels::redaction::LinkRedaction;
use actionlayer_domain::{
    DomainName, Draft, DraftId, EmailAddress,
    channel::ApprovalChannel,
    draft::{Actor, commented_draft},
};
use actionlayer_mail::extract;
use actionlayer_store::{DomainClaim, ReceiptOutcome, Row, Transaction, keys};

use super::{Arrival, ReceivedMail, receipt};
use crate::{App, ServiceError, contention::until_settled};

/// A mail to the address that mails to approvers come from, as far as it names a draft.
pub(super) struct Answered {
    recipient: EmailAddress,
    draft_id: DraftId,
}

impl Answered {
    /// What is answered by mail to this address, if it is one that approvers answer to.
    pub(super) fn at(recipient: &EmailAddress) -> Option<Self> {
        Some(Self { recipient: recipient.clone(), draft_id: commented_draft(recipient)? })
    }
}

/// Keeps an answer as a comment, if it is one: of an approver who is asked about the draft, proven to be theirs, and of a person.
/// What else comes to such an address is left, as mail to nobody is.
pub(super) async fn receive_answer(app: &App, arrival: &Arrival<'_>, answered: &Answered) -> Result<(), ServiceError> {
    until_settled(app, || receive_once(app, arrival, answered)).await
}

async fn receive_once(app: &App, arrival: &Arrival<'_>, answered: &Answered) -> Result<(), ServiceError> {
    let mut transaction = Transaction::new();
    let mut outcome = ReceiptOutcome::NoIdentity;
    if let Some(row) = draft_of(app, arrival, answered).await? {
        let said = LinkRedaction::of(row.value.workspace_id).without_links(extract(&arrival.parsed));
        if let Some(author) =
            author(app, arrival.received, arrival, &row.value).await?.filter(|_| !said.trim().is_empty())
        {
            let mut draft = row.value.clone();
            draft.comment(Actor::email(&author), said.trim(), app.now());
            transaction.replace(&row, &draft)?;
            outcome = ReceiptOutcome::Comment { draft_id: draft.id };
        }
    }
    transaction.create(&receipt(app, arrival.received, &answered.recipient, outcome))?;
    app.store.commit(transaction).await?;
    Ok(())
}

/// The draft, in the workspace that the domain belongs to.
async fn draft_of(app: &App, arrival: &Arrival<'_>, answered: &Answered) -> Result<Option<Row<Draft>>, ServiceError> {
    if arrival.parsed.is_automated(arrival.received.envelope_from.as_deref()) {
        return Ok(None);
    }
    let Ok(domain) = answered.recipient.domain().parse::<DomainName>() else { return Ok(None) };
    let Some(claim) = app.store.get::<DomainClaim>(&keys::domain_claim(&domain)).await? else { return Ok(None) };
    Ok(app.store.get::<Draft>(&keys::draft(claim.value.workspace_id, answered.draft_id)).await?)
}

/// The approver who wrote it: one whom the draft's identity mails, and whose domain vouches for the mail.
async fn author(
    app: &App,
    received: &ReceivedMail,
    arrival: &Arrival<'_>,
    draft: &Draft,
) -> Result<Option<EmailAddress>, ServiceError> {
    if !received.authentication.of_authors(arrival.parsed.has_several_authors).aligned() {
        return Ok(None);
    }
    let author = arrival.parsed.from.as_ref().and_then(|from| from.email.parse::<EmailAddress>().ok());
    let Some(author) = author else { return Ok(None) };
    let identity = app.store.identity(draft.workspace_id, draft.identity_id).await?;
    let mut approvers =
        identity.iter().flat_map(|row| &row.value.approval_channels).flat_map(ApprovalChannel::addresses);
    Ok(approvers.find(|approver| approver.folded() == author.folded()).cloned())
}
