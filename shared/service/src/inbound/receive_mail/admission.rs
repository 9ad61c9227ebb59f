//! Whether a mail comes in: is it new, is its sender blocked, trusted, or to be held.

use actionlayer_domain::{
    EmailAddress, HeldId, Identity, Message, MessageId, Workspace,
    contact::{Contact, ContactStatus, HeldInbound, HeldReason},
    identity::IdentityStatus,
    message::{Direction, SafetyFlag},
};
use actionlayer_mail::{SafetyContext, safety_flags, snippet};
use actionlayer_store::{AddressClaim, MailPointer, Row, keys};

use super::{Arrival, citations::Citations, own_id};
use crate::{App, ServiceError, outbound::message::SNIPPET_CHARS};

/// What is known of a mail's surroundings.
pub(super) struct Context {
    pub(super) identity: Option<Identity>,
    workspace: Option<Workspace>,
    /// The Message-IDs it names.
    pub(super) citations: Citations,
    /// What those lead to.
    pub(super) pointers: Vec<Row<MailPointer>>,
    /// Its author, if the address can be mailed.
    pub(super) author: Option<EmailAddress>,
    pub(super) contact: Option<Row<Contact>>,
    pub(super) safety_flags: Vec<SafetyFlag>,
    /// Whether the author's domain reads like one that is known, if it was compared.
    pub(super) lookalike: Option<bool>,
}

impl Context {
    /// What a Message-ID leads to.
    pub(super) fn known(&self, id: &str) -> Option<&MailPointer> {
        self.pointers.iter().map(|row| &row.value).find(|pointer| pointer.message_id_header == id)
    }

    /// Whether approvers are told of senders whose mail is held.
    pub(super) fn tells_of_senders(&self) -> bool {
        self.workspace.as_ref().is_some_and(|workspace| workspace.settings.notify_held_inbound)
    }
}

/// What becomes of a mail.
pub(super) enum Admission {
    Admit,
    Hold(Box<HeldInbound>),
    Blocked,
    Duplicate(MessageId),
    NoIdentity,
}

pub(super) async fn read_context(
    app: &App,
    arrival: &Arrival<'_>,
    claim: &AddressClaim,
) -> Result<Context, ServiceError> {
    let parsed = &arrival.parsed;
    let author: Option<EmailAddress> = parsed.from.as_ref().and_then(|from| from.email.parse().ok());
    let citations = Citations::of(parsed, own_id(arrival), &claim.address);
    let ids = citations.all();
    let contact_key = author.as_ref().map(|author| keys::contact(claim.workspace_id, author));
    let workspace_key = keys::workspace(claim.workspace_id);
    let (identity, workspace, known) = tokio::try_join!(
        app.store.identity(claim.workspace_id, claim.identity_id),
        app.store.get::<Workspace>(&workspace_key),
        app.store.known_of_mail(claim.workspace_id, claim.identity_id, &ids, contact_key),
    )?;
    let (pointers, contact) = known;
    let (safety_flags, lookalike) =
        inspect(app, arrival, claim, author.as_ref(), contact.as_ref().map(|row| &row.value)).await?;
    Ok(Context {
        identity: identity.map(|row| row.value),
        workspace: workspace.map(|row| row.value),
        citations,
        pointers,
        author,
        contact,
        safety_flags,
        lookalike,
    })
}

/// What looks dangerous, and whether the author's domain reads like one that is known, if it was compared. Whom somebody
/// trusts is not taken for somebody else. Of others the domains that are known are read for the first mail and once an hour;
/// in between, what was found then holds.
async fn inspect(
    app: &App,
    arrival: &Arrival<'_>,
    claim: &AddressClaim,
    author: Option<&EmailAddress>,
    contact: Option<&Contact>,
) -> Result<(Vec<SafetyFlag>, Option<bool>), ServiceError> {
    let is_trusted = contact.is_some_and(|contact| contact.status == ContactStatus::Trusted);
    let is_compared = author.is_some() && contact.is_none_or(|contact| contact.is_to_be_compared(app.now()));
    let known = if is_compared { app.store.known_domains(claim.workspace_id).await? } else { Vec::new() };
    let own = Some(claim.address.domain()).filter(|_| !is_trusted);
    let known_domains: Vec<&str> = own.into_iter().chain(known.iter().map(String::as_str)).collect();
    let context =
        SafetyContext { authentication: Some(arrival.received.authentication), known_domains: &known_domains };
    let mut flags = safety_flags(&arrival.parsed, &context);
    let looks_alike = flags.contains(&SafetyFlag::LookalikeDomain);
    if !looks_alike && !is_compared && contact.is_some_and(Contact::is_lookalike) {
        flags.push(SafetyFlag::LookalikeDomain);
        flags.sort_unstable();
    }
    Ok((flags, is_compared.then_some(looks_alike)))
}

pub(super) async fn admit(
    app: &App,
    arrival: &Arrival<'_>,
    claim: &AddressClaim,
    context: &Context,
    approved: bool,
) -> Result<Admission, ServiceError> {
    let active = context.identity.as_ref().is_some_and(|identity| identity.status == IdentityStatus::Active);
    if !active {
        return Ok(Admission::NoIdentity);
    }
    let known = context.known(&context.citations.own);
    // A Message-ID alone may be reused by a careless sender; the same words under it are the same mail.
    if let Some(pointer) = known.filter(|p| p.content_sha256.as_ref() == Some(&arrival.content_sha256))
        && let Some(message_id) = pointer.message_id
    {
        return Ok(Admission::Duplicate(message_id));
    }
    let status = context.contact.as_ref().map(|row| row.value.status);
    if status == Some(ContactStatus::Blocked) {
        return Ok(Admission::Blocked);
    }
    let gated = context.workspace.as_ref().is_some_and(|workspace| workspace.settings.sender_trust_gating);
    if !gated || approved {
        return Ok(Admission::Admit);
    }
    // Trust is in an address, so it holds only where SES vouches for the address.
    let authentication = &arrival.received.authentication;
    // Mail with more than one author is aligned with none of them.
    let authentication = &authentication.of_authors(arrival.parsed.has_several_authors);
    if status == Some(ContactStatus::Trusted) && authentication.aligned() {
        return Ok(Admission::Admit);
    }
    // Whoever cites the name of a mail that we sent them has received it; but names can be seen by others, so that something
    // must speak for the address as well.
    if authentication.speaks_for_author() && answers_mail_of_ours(app, context).await? {
        return Ok(Admission::Admit);
    }
    Ok(Admission::Hold(Box::new(held(app, arrival, claim, context, HeldReason::UnknownSender))))
}

async fn answers_mail_of_ours(app: &App, context: &Context) -> Result<bool, ServiceError> {
    let Some(author) = &context.author else { return Ok(false) };
    for pointer in context.pointers.iter().map(|row| &row.value) {
        let Some(message_id) = pointer.message_id else { continue };
        let Some(message) = app.store.get::<Message>(&keys::message(pointer.workspace_id, message_id)).await? else {
            continue;
        };
        let message = message.value;
        let written_to = message.to.iter().chain(&message.cc).any(|to| to.email.eq_ignore_ascii_case(author.as_str()))
            || message.bcc.iter().any(|bcc| bcc.folded() == author.folded());
        if message.direction == Direction::Outbound && message.sent_at.is_some() && written_to {
            return Ok(true);
        }
    }
    Ok(false)
}

pub(super) fn held(
    app: &App,
    arrival: &Arrival<'_>,
    claim: &AddressClaim,
    context: &Context,
    reason: HeldReason,
) -> HeldInbound {
    let parsed = &arrival.parsed;
    let from = parsed.from.as_ref();
    let from_email = from.map(|from| from.email.clone()).unwrap_or_default();
    HeldInbound {
        // By time of receipt, so that ids order held mail as it came.
        id: HeldId::generate_in(keys::sender_family(&from_email), arrival.received.received_at, app.entropy()),
        workspace_id: claim.workspace_id,
        identity_id: claim.identity_id,
        recipient: claim.address.clone(),
        ses_message_id: arrival.received.ses_message_id.clone(),
        envelope_from: arrival.received.envelope_from.clone(),
        from_email,
        from_name: from.and_then(|from| from.name.clone()),
        subject: parsed.subject.clone(),
        snippet: snippet(&parsed.text, SNIPPET_CHARS),
        authentication: arrival.received.authentication.of_authors(parsed.has_several_authors),
        safety_flags: context.safety_flags.clone(),
        received_at: arrival.received.received_at,
        reason,
    }
}
