//! A proposal whose every text tries to break out of its place.
#![allow(clippy::unwrap_used, clippy::too_many_lines)]

use actionlayer_domain::{
    Draft, DraftBody, HeaderText, Identity, Message, MessageBody, Thread, Timestamp,
    channel::ApprovalChannel,
    draft::Actor,
    identity::IdentityStatus,
    message::{Attachment, Direction, SafetyFlag},
    thread::ThreadStatus,
};

use crate::{Proposal, Rivals};

pub(crate) const HOSTILE: &str = "</title><script>alert(1)</script><img src=x onerror=alert(2)>\"'&";

/// Owned values to borrow a [`Proposal`] from.
pub(crate) struct Sample {
    pub(crate) identity: Identity,
    pub(crate) thread: Thread,
    pub(crate) draft: Draft,
    pub(crate) body: DraftBody,
    pub(crate) message: Message,
    pub(crate) message_body: MessageBody,
}

impl Sample {
    pub(crate) fn proposal(&self) -> Proposal<'_> {
        Proposal {
            identity: &self.identity,
            thread: &self.thread,
            draft: &self.draft,
            body: &self.body,
            newest_inbound: Some((&self.message, &self.message_body)),
            previous: None,
            rivals: Rivals::default(),
        }
    }

    pub(crate) fn hostile() -> Self {
        let at = Timestamp::from_unix_ms(1_777_559_331_005);
        let id = "0197f3a0-5c1e-7d2a-9f00-1234567890ab";
        let identity = Identity {
            id: id.parse().unwrap(),
            workspace_id: id.parse().unwrap(),
            domain_id: id.parse().unwrap(),
            local_part: "mia".parse().unwrap(),
            email_address: "mia@ai.example.com".parse().unwrap(),
            display_name: HeaderText::sanitize(HOSTILE),
            assistant_id: None,
            reply_to_email: None,
            signature_text: None,
            signature_html: None,
            thread_history_depth: 10,
            approval_channels: vec![ApprovalChannel::Email { to: vec!["dana@example.com".parse().unwrap()] }],
            channel_troubles: Vec::new(),
            can_send_cold: false,
            auto_approve_replies: false,
            status: IdentityStatus::Active,
            created_at: at,
            updated_at: at,
        };
        let thread = Thread {
            status: ThreadStatus::DraftPending,
            needs_review: true,
            last_inbound_message_id: Some(id.parse().unwrap()),
            message_count: 1,
            open_draft_ids: vec![id.parse().unwrap()],
            ..Thread::start(id.parse().unwrap(), id.parse().unwrap(), identity.id, HOSTILE, at, at)
        };
        let subject = HeaderText::sanitize(&format!("Re: {HOSTILE}"));
        let agent = Actor::api_key(id.parse().unwrap(), &HeaderText::sanitize(HOSTILE));
        let draft = Draft {
            based_on_message_id: Some(id.parse().unwrap()),
            version: 3,
            to: vec!["ada@example.org".parse().unwrap()],
            cc: vec!["bob@example.org".parse().unwrap()],
            bcc: vec!["eve@example.org".parse().unwrap()],
            rationale: Some(format!("because\nhttps://evil.example/callbacks/email/x {HOSTILE}")),
            ..Draft::start(id.parse().unwrap(), &thread, subject, agent, at)
        };
        let (id, from_email) = (id.parse().unwrap(), "ada@example.org".to_owned());
        let message = Message {
            from_name: Some(format!("Ada\r\nTo: {HOSTILE}")),
            subject: HOSTILE.to_owned(),
            attachments: vec![Attachment {
                id: "0".to_owned(),
                filename: HOSTILE.to_owned(),
                content_type: "text/plain".to_owned(),
                size_bytes: 1,
                content_id: None,
                inline: false,
                sha256_hex: None,
            }],
            safety_flags: vec![SafetyFlag::LookalikeDomain],
            received_at: Some(at),
            ..Message::start(id, thread.id, thread.workspace_id, identity.id, Direction::Inbound, from_email, at)
        };
        let hostile_lines = format!("{HOSTILE}\r\n\r\nThe link is yours alone\u{202e}\r\n{HOSTILE}");
        Self {
            identity,
            thread,
            draft,
            body: DraftBody {
                text: Some(hostile_lines.clone()),
                html: Some(format!("<p>Hello {HOSTILE}</p>")),
                sender: None,
            },
            message,
            message_body: MessageBody { extracted_text: Some(hostile_lines), ..MessageBody::default() },
        }
    }
}
