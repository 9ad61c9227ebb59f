//! What has to be read before [`admission`] can say whether a mail comes in, and what is kept of one that waits.

use actionlayer_channels::redaction::LinkRedaction;
use actionlayer_domain::{
    EmailAddress, HeldId, Identity, Message, MessageBody, MessageId, Workspace,
    admission::{self, Admission, Facts},
    contact::{Contact, ContactStatus, HeldInbound, HeldReason},
    message::{Attachment, Direction, Mailbox, SafetyFlag},
    plan::Entitlement,
    workspace::NewParticipants,
};
use actionlayer_mail::{ParsedMail, SafetyContext, extract, safety_flags, snippet};
use actionlayer_store::{AddressClaim, MailPointer, Row, keys};

use super::{Arrival, citations::Citations, own_id};
use crate::{App, ServiceError, billing::plan::entitlement, outbound::message::SNIPPET_CHARS};

/// What is known of a mail's surroundings.
pub(super) struct Arriving {
    pub(super) identity: Option<Identity>,
    workspace: Option<Workspace>,
    pub(super) entitlement: Entitlement,
    /// The Message-IDs it names.
    pub(super) citations: Citations,
    /// What those lead to.
    pub(super) pointers: Vec<Row<MailPointer>>,
    /// The message that came with the same Message-ID before, and is the same but for what a list adds.
    same_mail: Option<MessageId>,
    /// Its author, if the address can be mailed.
    pub(super) author: Option<EmailAddress>,
    pub(super) contact: Option<Row<Contact>>,
    pub(super) safety_flags: Vec<SafetyFlag>,
    /// Whether the author's domain reads like one that is known, if it was compared.
    pub(super) lookalike: Option<bool>,
}

impl Arriving {
    /// What a Message-ID leads to.
    pub(super) fn known(&self, id: &str) -> Option<&MailPointer> {
        self.pointers.iter().map(|row| &row.value).find(|pointer| pointer.message_id_header == id)
    }

    /// Whether approvers are told of senders whose mail is held.
    pub(super) fn tells_of_senders(&self) -> bool {
        self.workspace.as_ref().is_some_and(|workspace| workspace.settings.notify_held_inbound)
    }

    /// Where mail goes that cites a conversation its author takes no part in.
    pub(super) fn new_participants(&self) -> NewParticipants {
        self.workspace.as_ref().map(|workspace| workspace.settings.new_participants).unwrap_or_default()
    }
}

pub(super) async fn read_arriving(
    app: &App,
    arrival: &Arrival<'_>,
    claim: &AddressClaim,
) -> Result<Arriving, ServiceError> {
    let parsed = &arrival.parsed;
    let author = author_of(parsed, &claim.address);
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
    let same_mail = same_mail(app, arrival, claim, &citations, &pointers).await?;
    let (safety_flags, lookalike) =
        inspect(app, arrival, claim, author.as_ref(), contact.as_ref().map(|row| &row.value)).await?;
    let workspace = workspace.map(|row| row.value);
    Ok(Arriving {
        entitlement: entitlement(app, workspace.as_ref()),
        identity: identity.map(|row| row.value),
        workspace,
        citations,
        pointers,
        same_mail,
        author,
        contact,
        safety_flags,
        lookalike,
    })
}

/// The message under the same Message-ID that this is once more, by another way: a list puts its tag into the subject and
/// its footer below the text.
async fn same_mail(
    app: &App,
    arrival: &Arrival<'_>,
    claim: &AddressClaim,
    citations: &Citations,
    pointers: &[Row<MailPointer>],
) -> Result<Option<MessageId>, ServiceError> {
    let parsed = &arrival.parsed;
    let pointer = pointers.iter().map(|row| &row.value).find(|pointer| pointer.message_id_header == citations.own);
    let is_other = |pointer: &&MailPointer| pointer.content_sha256.as_ref() != Some(&arrival.content_sha256);
    let Some(id) = pointer.filter(is_other).and_then(|pointer| pointer.message_id) else { return Ok(None) };
    let Some(row) = app.store.get::<Message>(&keys::message(claim.workspace_id, id)).await? else { return Ok(None) };
    let message = &row.value;
    let files = |list: &[Attachment]| list.iter().map(|f| (f.filename.clone(), f.size_bytes)).collect::<Vec<_>>();
    let is_tagged = |one: &str, other: &str| one.trim_end().ends_with(other.trim());
    let may_be = message.direction == Direction::Inbound
        && is_same_author(message, parsed)
        && (is_tagged(&message.subject, &parsed.subject) || is_tagged(&parsed.subject, &message.subject))
        && files(&message.attachments) == files(&parsed.attachments);
    if !may_be {
        return Ok(None);
    }
    let body: MessageBody = app.store.body(&row).await?;
    let (earlier, new) = (body.extracted_text.unwrap_or_default(), extract(parsed));
    Ok((goes_on(&earlier, &new) || goes_on(&new, &earlier)).then_some(id))
}

/// Whether two mails are of the same author. A list may write in its own name, and say who takes the answers: then it
/// says that it is one.
fn is_same_author(message: &Message, parsed: &ParsedMail) -> bool {
    let author = parsed.from.as_ref().map(|from| from.email.as_str()).unwrap_or_default();
    let is_named = |list: &[Mailbox], author: &str| {
        !author.is_empty() && list.iter().any(|mailbox| mailbox.email.eq_ignore_ascii_case(author))
    };
    message.from_email.eq_ignore_ascii_case(author)
        || (parsed.is_automated(None) && is_named(&parsed.reply_to, &message.from_email))
        || (message.is_automated && is_named(&message.reply_to, author))
}

/// Whether a text is another with more lines below it, however the lines are wrapped.
fn goes_on(long: &str, short: &str) -> bool {
    let mut rest = long.chars();
    let mut is_start = true;
    for c in short.chars().filter(|c| !c.is_whitespace()) {
        if rest.by_ref().find(|c| !c.is_whitespace()) != Some(c) {
            return false;
        }
        is_start = false;
    }
    let below = rest.as_str().trim_start_matches([' ', '\t', '\r']);
    !is_start && (below.is_empty() || below.starts_with('\n'))
}

/// The person a mail is from, if the address can be mailed. A contact form that writes as the mailbox itself names its
/// visitor in `Reply-To`.
fn author_of(parsed: &ParsedMail, own: &EmailAddress) -> Option<EmailAddress> {
    let author: EmailAddress = parsed.from.as_ref()?.email.parse().ok()?;
    if !author.is_of_mailbox(own) {
        return Some(author);
    }
    let mut others = parsed.reply_to.iter().filter_map(|mailbox| mailbox.email.parse::<EmailAddress>().ok());
    Some(others.find(|other| !other.is_of_mailbox(own)).unwrap_or(author))
}

fn is_author(parsed: &ParsedMail, address: Option<&EmailAddress>) -> bool {
    let author = parsed.from.as_ref().and_then(|from| from.email.parse::<EmailAddress>().ok());
    author.as_ref().map(EmailAddress::folded) == address.map(EmailAddress::folded)
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
    let context = SafetyContext {
        authentication: Some(arrival.received.authentication),
        known_domains: &known_domains,
        mailbox: Some(&claim.address),
    };
    let mut flags = safety_flags(&arrival.parsed, &context);
    let looks_alike = flags.contains(&SafetyFlag::LookalikeDomain);
    if !looks_alike && !is_compared && contact.is_some_and(Contact::is_lookalike) {
        flags.push(SafetyFlag::LookalikeDomain);
        flags.sort_unstable();
    }
    Ok((flags, is_compared.then_some(looks_alike)))
}

/// Asks [`admission`] with what is known; looks up what the mail answers only where it depends on that.
pub(super) async fn admit(
    app: &App,
    arrival: &Arrival<'_>,
    context: &Arriving,
    approved: bool,
    plan_used_up: bool,
) -> Result<Admission, ServiceError> {
    // A Message-ID alone may be reused by a careless sender; the same words under it are the same mail.
    let known = context.known(&context.citations.own);
    let known = known.filter(|pointer| pointer.content_sha256.as_ref() == Some(&arrival.content_sha256));
    let facts = Facts {
        identity: context.identity.as_ref(),
        received_as: known.and_then(|pointer| pointer.message_id).or(context.same_mail),
        sender: context.contact.as_ref().map(|row| row.value.status),
        gating: context.workspace.as_ref().is_some_and(|workspace| workspace.settings.sender_trust_gating),
        approved,
        // Mail with more than one author is aligned with none of them.
        authentication: arrival.received.authentication.of_authors(arrival.parsed.has_several_authors),
        is_author: is_author(&arrival.parsed, context.author.as_ref()),
        answers_ours: None,
        plan_used_up,
    };
    match admission::admit(&facts) {
        Admission::LookUpAnswered => {
            let answers_ours = Some(answers_mail_of_ours(app, context).await?);
            Ok(admission::admit(&Facts { answers_ours, ..facts }))
        }
        decided => Ok(decided),
    }
}

async fn answers_mail_of_ours(app: &App, context: &Arriving) -> Result<bool, ServiceError> {
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
    context: &Arriving,
    reason: HeldReason,
) -> HeldInbound {
    let parsed = &arrival.parsed;
    let from = parsed.from.as_ref();
    let from_email = from.map(|from| from.email.clone()).unwrap_or_default();
    let redaction = LinkRedaction::of(claim.workspace_id);
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
        subject: redaction.without_links(parsed.subject.clone()),
        snippet: snippet(&redaction.without_links(parsed.text.clone()), SNIPPET_CHARS),
        authentication: arrival.received.authentication.of_authors(parsed.has_several_authors),
        safety_flags: context.safety_flags.clone(),
        received_at: arrival.received.received_at,
        reason,
    }
}
