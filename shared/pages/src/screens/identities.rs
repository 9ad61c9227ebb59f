//! Identities: the mailboxes, how they sign, what they may do, and where their approvers are asked.

use actionlayer_channels::legible::line;
use actionlayer_domain::{
    Identity, SendingDomain, Timestamp,
    channel::{ApprovalChannel, ChannelKind},
    identity::IdentityStatus,
};
use askama::Template;

use super::{
    Access, Choice, Problem, Screen,
    domains::own_machine,
    parts::{When, when},
};
use crate::dashboard::Section;

#[derive(Template)]
#[template(path = "screens/identities.html")]
struct ListPage {
    problem: Option<Problem>,
    rows: Vec<Row>,
    access: Access,
    has_domain: bool,
}

struct Row {
    id: String,
    name: String,
    address: String,
    channels: String,
    has_trouble: bool,
    is_active: bool,
    at: When,
}

/// All identities.
pub fn identities(
    identities: &[Identity],
    has_verified_domain: bool,
    access: Access,
    problem: Option<Problem>,
    now: Timestamp,
) -> Screen {
    let row = |identity: &Identity| Row {
        id: identity.id.to_string(),
        name: line(identity.display_name.as_str()),
        address: identity.email_address.to_string(),
        channels: channel_names(identity),
        has_trouble: !identity.channel_troubles.is_empty(),
        is_active: identity.status == IdentityStatus::Active,
        at: when(identity.created_at, now),
    };
    let rows = identities.iter().map(row).collect();
    let page = ListPage { problem, rows, access, has_domain: has_verified_domain };
    Screen::of(Section::Identities, "Identities", &page)
}

fn channel_names(identity: &Identity) -> String {
    if identity.approval_channels.is_empty() {
        return "approvers are asked here only".to_owned();
    }
    let names: Vec<_> = identity.approval_channels.iter().map(|channel| channel.kind().in_words()).collect();
    format!("approvers are asked by {}", names.join(", "))
}

/// What the form of an identity begins with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is a box of the form")]
pub struct IdentityForm {
    /// The domain, by its id; for a new one.
    pub domain_id: String,
    /// The part before the @; for a new one.
    pub local_part: String,
    /// The name in `From`.
    pub display_name: String,
    /// Where answers go instead.
    pub reply_to: String,
    /// Stands below the text of what it sends.
    pub signature: String,
    /// May start conversations.
    pub can_send_cold: bool,
    /// Answers need no approval.
    pub auto_approve: bool,
}

impl IdentityForm {
    /// An identity as it is.
    pub fn of(identity: &Identity) -> Self {
        Self {
            domain_id: identity.domain_id.to_string(),
            local_part: identity.local_part.as_str().to_owned(),
            display_name: identity.display_name.as_str().to_owned(),
            reply_to: identity.reply_to_email.as_ref().map(ToString::to_string).unwrap_or_default(),
            signature: identity.signature_text.clone().unwrap_or_default(),
            can_send_cold: identity.can_send_cold,
            auto_approve: identity.auto_approve_replies,
        }
    }
}

#[derive(Template)]
#[template(path = "screens/identity_new.html")]
struct NewPage<'a> {
    problem: Option<Problem>,
    domains: Vec<Choice>,
    form: &'a IdentityForm,
    approver: &'a str,
}

/// The form for another identity. `approver` is who is asked by e-mail from the start, if anybody is.
pub fn new_identity(
    domains: &[SendingDomain],
    form: &IdentityForm,
    approver: &str,
    problem: Option<Problem>,
) -> Screen {
    let choice = |domain: &SendingDomain| {
        let id = domain.id.to_string();
        let chosen = id == form.domain_id;
        Choice::new(id, domain.domain.to_string(), chosen)
    };
    let page = NewPage { problem, domains: domains.iter().map(choice).collect(), form, approver };
    Screen::of(Section::Identities, "New identity", &page)
}

/// What became of a test notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tested {
    /// Where it went.
    pub place: String,
    /// Whether it was taken.
    pub arrived: bool,
    /// Why not, and what to do.
    pub says: String,
}

/// One identity.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// It, with its channels as reads show them.
    pub identity: &'a Identity,
    /// What the form begins with.
    pub form: &'a IdentityForm,
    /// What became of the test notification that was just sent.
    pub tested: &'a [Tested],
    /// Whether "Add to Slack" is offered by the deployment.
    pub has_slack_app: bool,
    /// The name of the Slack workspace the deployment's app is installed in.
    pub slack_team: Option<&'a str>,
    /// What the visitor may do.
    pub access: Access,
    /// The visitor's own address, to be suggested.
    pub own_address: &'a str,
    /// Where this deployment is reached.
    pub public_url: &'a str,
}

#[derive(Template)]
#[template(path = "screens/identity.html")]
struct Page<'a> {
    problem: Option<Problem>,
    id: String,
    address: String,
    is_active: bool,
    form: &'a IdentityForm,
    channels: Vec<Channel>,
    tested: &'a [Tested],
    has_slack_app: bool,
    slack_team: Option<&'a str>,
    access: Access,
    own_address: &'a str,
    /// Slack and Telegram are played by the engine.
    is_one_machine: bool,
}

struct Channel {
    kind: &'static str,
    place: String,
    who: String,
    callback_url: Option<String>,
    trouble: Option<String>,
}

/// An identity: how it writes, what it may do, and where its approvers are asked.
pub fn identity(view: Shown<'_>, problem: Option<Problem>) -> Screen {
    let identity = view.identity;
    let page = Page {
        problem,
        id: identity.id.to_string(),
        address: identity.email_address.to_string(),
        is_active: identity.status == IdentityStatus::Active,
        form: view.form,
        channels: identity.approval_channels.iter().map(|channel| shown_channel(identity, channel)).collect(),
        tested: view.tested,
        has_slack_app: view.has_slack_app,
        slack_team: view.slack_team,
        access: view.access,
        own_address: view.own_address,
        is_one_machine: own_machine(view.public_url).is_some(),
    };
    Screen::of(Section::Identities, line(identity.display_name.as_str()), &page)
}

fn shown_channel(identity: &Identity, channel: &ApprovalChannel) -> Channel {
    let place = channel.place().map(line);
    let trouble = identity
        .channel_troubles
        .iter()
        .find(|trouble| trouble.channel == channel.kind() && Some(trouble.place.as_str()) == channel.place())
        .map(|trouble| format!("{}: {}", line(&trouble.error), line(&trouble.fix)));
    let named = |approvers: &[String], everybody: &str| {
        if approvers.is_empty() { everybody.to_owned() } else { format!("decided by {}", approvers.join(", ")) }
    };
    let (who, callback_url) = match channel {
        ApprovalChannel::Email { to } => (to.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "), None),
        ApprovalChannel::Slack { approvers, callback_url, .. } => {
            (named(approvers, "whoever is in the channel decides"), callback_url.clone())
        }
        ApprovalChannel::Telegram { approvers, .. } => {
            (named(approvers, "whoever is in the chat decides, if it is a private one"), None)
        }
    };
    let kind = match channel.kind() {
        ChannelKind::Email => "E-mail",
        other => other.in_words(),
    };
    Channel { kind, place: place.unwrap_or_default(), who, callback_url, trouble }
}
