//! A conversation of one identity with one or more people.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    ContactId, DraftId, EmailAddress, IdentityId, MessageId, ThreadId, Timestamp, WorkspaceId, contact::Contact,
};

/// The most undecided drafts a thread may have; keeps every step that touches them one transaction.
pub const MAX_OPEN_DRAFTS: usize = 20;

/// How many people a thread remembers; keeps what is written for each of its messages small.
pub const MAX_PARTICIPANTS: usize = 20;

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ThreadStatus {
    /// Mail came in; the agent's turn.
    Open,
    /// We answered; the other side's turn.
    Waiting,
    /// A draft waits for a person.
    DraftPending,
    /// Done; new mail opens it again.
    Closed,
}

impl ThreadStatus {
    /// Every status, for counting.
    pub const ALL: [Self; 4] = [Self::Open, Self::Waiting, Self::DraftPending, Self::Closed];

    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Waiting => "waiting",
            Self::DraftPending => "draft_pending",
            Self::Closed => "closed",
        }
    }
}

/// A thread. It is the root of its family: whatever changes which drafts are undecided, or which inbound message is the
/// newest, changes this item in the same transaction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Thread {
    /// Its id; names the family.
    pub id: ThreadId,
    pub workspace_id: WorkspaceId,
    /// The identity that holds the conversation.
    pub identity_id: IdentityId,
    /// The person it began with.
    pub primary_contact_id: Option<ContactId>,
    /// That person's address, which is also the key of the contact.
    pub primary_contact_email: Option<EmailAddress>,
    /// Everybody else in it but the identity: their addresses, folded, the first [`MAX_PARTICIPANTS`] of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_participants: Vec<String>,
    /// Those of them whom mail of ours in it went to: their addresses, folded, the first [`MAX_PARTICIPANTS`] of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub written_to: Vec<String>,
    /// The subject of its first message.
    pub subject: String,
    /// Whose turn it is.
    pub status: ThreadStatus,
    /// Inbound that nobody answered or looked at.
    pub needs_review: bool,
    /// When its newest message was received or sent.
    pub last_message_at: Timestamp,
    /// The newest inbound message by time of receipt. A draft based on an older one is stale.
    pub last_inbound_message_id: Option<MessageId>,
    /// Inbound messages of people who take no part in it, the newest [`MAX_ASIDES`] of them. Nothing that is said in it becomes
    /// stale by them, and an answer to one of them is for its author alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asides: Vec<MessageId>,
    /// The inbound message that was answered last, and when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered: Option<Answered>,
    /// Messages in it, both ways.
    pub message_count: u32,
    /// The first words of the newest message.
    pub snippet: String,
    /// The owner's tags.
    pub tags: Vec<String>,
    /// A rule or the owner asked agents to leave it alone.
    pub skip_ai: bool,
    /// Drafts that are pending or approved and not handed to SES.
    pub open_draft_ids: Vec<DraftId>,
    /// What was sent in it today that no person approved.
    pub unattended: UnattendedSends,
    /// Threads that turned out to be part of this one. Their messages and drafts stay where they are, in families of
    /// their own, and are shown here.
    #[serde(default)]
    pub linked_thread_ids: Vec<ThreadId>,
    /// The thread this one turned out to be part of. It is listed no more, and its id leads there.
    #[serde(default)]
    pub merged_into: Option<ThreadId>,
    /// The conversation that its first mail cites and its author takes no part in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub related_thread_id: Option<ThreadId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// How many unattended sends a thread takes in a day: two machines answering each other must come to rest.
pub const MAX_UNATTENDED_SENDS_A_DAY: u32 = 10;

/// How many messages of people who take no part a thread tells apart.
pub const MAX_ASIDES: usize = 20;

/// Which inbound message was answered, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    pub message_id: MessageId,
    /// When the answer left.
    pub at: Timestamp,
}

/// What was sent on one day that no person approved.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct UnattendedSends {
    /// The day in UTC, as `2026-04-30`; empty before the first.
    pub day: String,
    /// How many.
    pub count: u32,
}

/// What a thread needs to know of a message that joined it.
#[derive(Debug, Clone, Copy)]
pub struct Joined<'a> {
    pub message_id: MessageId,
    /// When it was received or sent.
    pub at: Timestamp,
    /// Its first words.
    pub snippet: &'a str,
}

impl Thread {
    /// An empty thread: nobody's turn yet, nothing to review.
    pub fn start(
        id: ThreadId,
        workspace_id: WorkspaceId,
        identity_id: IdentityId,
        subject: &str,
        at: Timestamp,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            workspace_id,
            identity_id,
            primary_contact_id: None,
            primary_contact_email: None,
            other_participants: Vec::new(),
            written_to: Vec::new(),
            subject: subject.to_owned(),
            status: ThreadStatus::Waiting,
            needs_review: false,
            last_message_at: at,
            last_inbound_message_id: None,
            asides: Vec::new(),
            answered: None,
            message_count: 0,
            snippet: String::new(),
            tags: Vec::new(),
            skip_ai: false,
            open_draft_ids: Vec::new(),
            unattended: UnattendedSends::default(),
            linked_thread_ids: Vec::new(),
            merged_into: None,
            related_thread_id: None,
            created_at: now,
            updated_at: now,
        }
    }

    /// Says who the conversation began with.
    #[must_use]
    pub fn with_contact(mut self, contact: &Contact) -> Self {
        self.primary_contact_id = Some(contact.id);
        self.primary_contact_email = Some(contact.email.clone());
        let folded = contact.email.folded();
        self.other_participants.retain(|other| *other != folded);
        self
    }

    /// People take part in it: authors and recipients. What is no address is nobody.
    pub fn take_part<'a>(&mut self, addresses: impl IntoIterator<Item = &'a str>) {
        for address in addresses.into_iter().filter_map(|address| address.parse::<EmailAddress>().ok()) {
            let folded = address.folded();
            if self.other_participants.len() < MAX_PARTICIPANTS && self.participants().all(|known| known != folded) {
                self.other_participants.push(folded);
            }
        }
    }

    /// A mail of ours went to these people.
    pub fn wrote_to<'a>(&mut self, addresses: impl IntoIterator<Item = &'a str> + Clone) {
        self.take_part(addresses.clone());
        for folded in addresses.into_iter().map(str::to_ascii_lowercase) {
            if self.written_to.len() < MAX_PARTICIPANTS && !self.written_to.contains(&folded) {
                self.written_to.push(folded);
            }
        }
    }

    /// Everybody in it but the identity, by folded address.
    pub fn participants(&self) -> impl Iterator<Item = String> {
        let primary = self.primary_contact_email.iter().map(EmailAddress::folded);
        primary.chain(self.other_participants.iter().cloned())
    }

    /// A mail arrived that belongs to this thread and to `other`: they are one conversation. What is listed and decided
    /// about the other is taken over here; the mail itself is then received, and all drafts go stale with it.
    pub fn absorb(&mut self, other: &Self) {
        self.linked_thread_ids.push(other.id);
        self.linked_thread_ids.extend(&other.linked_thread_ids);
        self.message_count = self.message_count.saturating_add(other.message_count);
        self.last_message_at = self.last_message_at.max(other.last_message_at);
        self.last_inbound_message_id = self.last_inbound_message_id.max(other.last_inbound_message_id);
        self.needs_review |= other.needs_review;
        self.asides.extend(&other.asides);
        self.asides.drain(..self.asides.len().saturating_sub(MAX_ASIDES));
        self.skip_ai |= other.skip_ai;
        self.open_draft_ids.extend(&other.open_draft_ids);
        let missing: Vec<_> = other.tags.iter().filter(|tag| !self.tags.contains(tag)).cloned().collect();
        self.tags.extend(missing);
        if self.primary_contact_id.is_none() {
            self.primary_contact_id = other.primary_contact_id;
            self.primary_contact_email.clone_from(&other.primary_contact_email);
        }
        let participants: Vec<String> = other.participants().collect();
        self.take_part(participants.iter().map(String::as_str));
        self.wrote_to(other.written_to.iter().map(String::as_str));
        if self.unattended.day == other.unattended.day {
            self.unattended.count += other.unattended.count;
        } else if self.unattended.day < other.unattended.day {
            self.unattended = other.unattended.clone();
        }
    }

    /// The other side of [`Thread::absorb`]: this thread is part of `root` from now on. The mail that showed it counts
    /// as its newest inbound, so that nothing that was queued here before can still be claimed.
    pub fn merge_into(&mut self, root: ThreadId, shown_by: MessageId, now: Timestamp) {
        self.merged_into = Some(root);
        self.last_inbound_message_id = Some(shown_by);
        self.open_draft_ids.clear();
        self.linked_thread_ids.clear();
        self.updated_at = now;
    }

    fn join(&mut self, joined: Joined<'_>, now: Timestamp) {
        self.message_count = self.message_count.saturating_add(1);
        if joined.at >= self.last_message_at {
            self.last_message_at = joined.at;
            joined.snippet.clone_into(&mut self.snippet);
        }
        self.updated_at = now;
    }

    /// An inbound message joins. Mail of a machine keeps its place in line but asks nobody to look. Returns the drafts
    /// that go stale with it: all undecided ones, since none of them can have been written knowing this message.
    #[must_use]
    pub fn receive(&mut self, joined: Joined<'_>, is_automated: bool, now: Timestamp) -> Vec<DraftId> {
        self.join(joined, now);
        // Mail may arrive late; what is newest is told by time of receipt, which orders message ids.
        self.last_inbound_message_id = self.last_inbound_message_id.max(Some(joined.message_id));
        self.status = ThreadStatus::Open;
        self.needs_review |= !is_automated;
        std::mem::take(&mut self.open_draft_ids)
    }

    /// A message joins whose author takes no part in the thread: it asks for somebody to look, and changes nothing about what is
    /// said here. Who takes part, and which message is the newest, stay as they are.
    pub fn receive_aside(&mut self, joined: Joined<'_>, is_automated: bool, now: Timestamp) {
        self.join(joined, now);
        self.asides.push(joined.message_id);
        if self.asides.len() > MAX_ASIDES {
            self.asides.remove(0);
        }
        if self.status != ThreadStatus::DraftPending {
            self.status = ThreadStatus::Open;
        }
        self.needs_review |= !is_automated;
    }

    /// A draft was submitted.
    pub fn draft_opened(&mut self, draft_id: DraftId, now: Timestamp) {
        self.open_draft_ids.push(draft_id);
        self.status = ThreadStatus::DraftPending;
        self.updated_at = now;
    }

    /// A draft was rejected, expired, failed or went stale. With nothing else undecided it is the agent's turn again.
    pub fn draft_closed(&mut self, draft_id: DraftId, now: Timestamp) {
        self.open_draft_ids.retain(|open| *open != draft_id);
        if self.open_draft_ids.is_empty() && self.status == ThreadStatus::DraftPending {
            self.status = ThreadStatus::Open;
            self.needs_review = true;
        }
        self.updated_at = now;
    }

    /// A message of ours left, written in answer to `answers` (to everything, when it answers no message in
    /// particular). Mail that came in while it was on its way still asks for an answer of its own.
    pub fn sent(&mut self, joined: Joined<'_>, draft_id: Option<DraftId>, answers: Option<MessageId>, now: Timestamp) {
        self.join(joined, now);
        if let Some(draft_id) = draft_id {
            self.open_draft_ids.retain(|open| *open != draft_id);
        }
        if let Some(message_id) = answers {
            self.answered = Some(Answered { message_id, at: now });
        }
        let overtaken = self.last_inbound_message_id > Some(answers.unwrap_or(joined.message_id));
        self.needs_review &= overtaken;
        self.status = match (self.open_draft_ids.is_empty(), overtaken, self.status) {
            (false, _, _) => ThreadStatus::DraftPending,
            (true, false, _) => ThreadStatus::Waiting,
            (true, true, ThreadStatus::DraftPending) => ThreadStatus::Open,
            (true, true, as_the_newer_mail_left_it) => as_the_newer_mail_left_it,
        };
    }

    /// Whether the thread may have another send that no person approves, on that day.
    pub fn has_room_unattended(&self, now: Timestamp) -> bool {
        self.unattended.day != now.date() || self.unattended.count < MAX_UNATTENDED_SENDS_A_DAY
    }

    /// Counts a send that no person approves. `false`, and nothing counted, when the day's cap is reached.
    #[must_use]
    pub fn count_unattended_send(&mut self, now: Timestamp) -> bool {
        let day = now.date();
        if self.unattended.day != day {
            self.unattended = UnattendedSends { day, count: 0 };
        }
        if self.unattended.count >= MAX_UNATTENDED_SENDS_A_DAY {
            return false;
        }
        self.unattended.count += 1;
        true
    }

    /// Whether a draft or send based on `based_on` would ignore a newer inbound message.
    pub fn is_stale(&self, based_on: Option<MessageId>) -> bool {
        let is_aside = based_on.is_some_and(|id| self.asides.contains(&id));
        self.last_inbound_message_id != based_on && !is_aside
    }

    /// Whether the message that a draft answers was answered after the draft was written.
    pub fn was_answered_since(&self, based_on: Option<MessageId>, written_at: Timestamp) -> bool {
        self.answered.is_some_and(|answered| Some(answered.message_id) == based_on && answered.at >= written_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::Entropy;

    #[derive(Debug)]
    struct Zeros;

    impl Entropy for Zeros {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(0);
        }
    }

    fn message(unix_ms: i64) -> MessageId {
        MessageId::generate(Timestamp::from_unix_ms(unix_ms), &Zeros)
    }

    fn joined(unix_ms: i64) -> Joined<'static> {
        Joined { message_id: message(unix_ms), at: Timestamp::from_unix_ms(unix_ms), snippet: "" }
    }

    /// After a question at 1 000 ms and, perhaps, another one at 3 000 ms, an answer that was queued at 2 000 ms leaves.
    fn after_the_answer(another: bool, answers: Option<MessageId>) -> (ThreadStatus, bool) {
        let at = Timestamp::from_unix_ms;
        let workspace_id = WorkspaceId::generate(at(0), &Zeros);
        let identity_id = IdentityId::generate(at(0), &Zeros);
        let mut thread = Thread::start(ThreadId::generate(at(0), &Zeros), workspace_id, identity_id, "", at(0), at(0));
        let draft_id = DraftId::generate(at(1_500), &Zeros);
        let _ = thread.receive(joined(1_000), false, at(1_000));
        thread.draft_opened(draft_id, at(1_500));
        if another {
            assert_eq!(thread.receive(joined(3_000), false, at(3_000)), [draft_id]);
        }
        thread.sent(joined(2_000), Some(draft_id), answers, at(4_000));
        (thread.status, thread.needs_review)
    }

    #[test]
    fn mail_that_came_while_the_answer_was_on_its_way_still_needs_review() {
        for answers in [Some(message(1_000)), None] {
            assert_eq!(after_the_answer(false, answers), (ThreadStatus::Waiting, false));
            assert_eq!(after_the_answer(true, answers), (ThreadStatus::Open, true));
        }
    }
}
