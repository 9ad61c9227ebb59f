#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet, HashMap};

use actionlayer_mail::parse;
use proptest::{collection::vec, prelude::*, sample::Index};

use super::*;
use crate::inbound::receive_mail::joining::MAX_JOINED_THREADS;

const ADDRESS: &str = "mia@ai.example";

fn citations(raw: &str) -> Citations {
    let mail = parse(raw.as_bytes());
    let own = mail.message_id.clone().unwrap();
    Citations::of(&mail, own, &ADDRESS.parse().unwrap())
}

#[test]
fn our_own_address_names_no_mail() {
    for (field, cited) in [
        (
            r#"In-Reply-To: Message from "Mia" <mia@ai.example> of "Mon, 27 Apr 2026 14:30:00." <x1@ai.example>"#,
            &["x1@ai.example"][..],
        ),
        ("In-Reply-To: <MIA@AI.example>\nReferences: <a@x> <mia@ai.example>", &["a@x"]),
        ("In-Reply-To: mia@ai.example", &[]),
    ] {
        let citations = citations(&format!("Message-ID: <me@x>\n{field}\n\nHello"));
        assert_eq!(citations.cited, cited, "{field}");
    }
}

/// How a client cites what it answers.
#[derive(Debug, Clone, Copy)]
enum Client {
    /// All of its references, and it.
    InFull,
    /// The first and the newest of them.
    Ends(usize),
    /// The newest of them alone.
    Newest(usize),
    /// It, in `In-Reply-To` only.
    InReplyTo,
}

/// A mail: which earlier ones it answers, and how it says so.
#[derive(Debug, Clone)]
struct Written {
    /// None for the one before.
    answers: Vec<Option<Index>>,
    client: Client,
}

fn written() -> impl Strategy<Value = Written> {
    let client = prop_oneof![
        6 => Just(Client::InFull),
        2 => (1..30_usize).prop_map(Client::Ends),
        1 => (1..30_usize).prop_map(Client::Newest),
        1 => Just(Client::InReplyTo),
    ];
    // Mostly the one before, sometimes an older one, sometimes two, sometimes none.
    let answers = prop_oneof![
        8 => Just(vec![None]),
        2 => any::<Index>().prop_map(|index| vec![Some(index)]),
        1 => any::<Index>().prop_map(|index| vec![None, Some(index)]),
        1 => Just(Vec::new()),
    ];
    (answers, client).prop_map(|(answers, client)| Written { answers, client })
}

/// A conversation, and the part of its mails that never arrives.
fn conversation() -> impl Strategy<Value = (Vec<Written>, f64)> {
    // All of it in order and cited in full, of which the mailbox sees a mail now and then.
    let in_full = Written { answers: vec![None], client: Client::InFull };
    let orderly = (vec(Just(in_full), 26..70), 0.8..0.97);
    prop_oneof![(vec(written(), 2..40), 0.0..0.95), orderly]
}

/// The mails as they lie on the wire.
fn mails(conversation: &[Written]) -> Vec<String> {
    let id = |n: usize| format!("<{n}@customer.example>");
    let mut references: Vec<Vec<String>> = Vec::new();
    let mut mails = Vec::new();
    for (n, Written { answers, client }) in conversation.iter().enumerate() {
        let earlier =
            answers.iter().filter(|_| n > 0).map(|index| index.as_ref().map_or(n - 1, |index| index.index(n)));
        let answered: BTreeSet<usize> = earlier.collect();
        let mut all: Vec<String> = Vec::new();
        for cited in answered.iter().flat_map(|answered| references[*answered].iter().cloned().chain([id(*answered)])) {
            if !all.contains(&cited) {
                all.push(cited);
            }
        }
        let newest = |all: &[String], count: usize| all[all.len().saturating_sub(count)..].to_vec();
        let cited = match client {
            Client::InFull => all,
            Client::Ends(count) => {
                let rest = all.get(1..).unwrap_or_default();
                all.iter().take(1).cloned().chain(newest(rest, *count)).collect()
            }
            Client::Newest(count) => newest(&all, *count),
            Client::InReplyTo => Vec::new(),
        };
        let in_reply_to = answered.last().map(|answered| format!("In-Reply-To: {}\n", id(*answered)));
        let field = if cited.is_empty() { String::new() } else { format!("References: {}\n", cited.join("\n ")) };
        mails.push(format!("Message-ID: {}\n{}{field}\nHello", id(n), in_reply_to.unwrap_or_default()));
        references.push(cited);
    }
    mails
}

/// What the table holds of one identity's mail.
#[derive(Default)]
struct Mailbox {
    pointers: HashMap<String, MailPointer>,
    merged_into: HashMap<ThreadId, ThreadId>,
    thread_of: BTreeMap<String, ThreadId>,
}

impl Mailbox {
    fn root(&self, mut id: ThreadId) -> ThreadId {
        while let Some(root) = self.merged_into.get(&id) {
            id = *root;
        }
        id
    }

    /// Says whether it joined no more threads than a mail may.
    fn receive(&mut self, raw: &str) -> bool {
        let citations = citations(raw);
        let n = self.thread_of.len();
        let text = format!("0197f3a0-5c1e-7d2a-9f00-{n:012x}");
        let known = |id: &str| self.pointers.get(id);
        let threads: BTreeSet<ThreadId> = citations.threads(known).into_iter().map(|id| self.root(id)).collect();
        let unknown: Vec<String> = citations.unknown(known).map(str::to_owned).collect();
        let mut threads = threads.into_iter();
        let within = threads.len() <= MAX_JOINED_THREADS;
        let thread_id = threads.next().unwrap_or_else(|| text.parse().unwrap());
        self.merged_into.extend(threads.map(|other| (other, thread_id)));
        let pointer = |id: &str, message_id| MailPointer {
            message_id_header: id.to_owned(),
            workspace_id: text.parse().unwrap(),
            identity_id: text.parse().unwrap(),
            thread_id,
            message_id,
            content_sha256: None,
        };
        for id in unknown {
            self.pointers.insert(id.clone(), pointer(&id, None));
        }
        let own = pointer(&citations.own, Some(text.parse().unwrap()));
        self.pointers.insert(citations.own.clone(), own);
        self.thread_of.insert(citations.own, thread_id);
        within
    }

    /// Which mails are in one thread.
    fn partition(&self) -> BTreeSet<BTreeSet<&str>> {
        let mut parts: HashMap<ThreadId, BTreeSet<&str>> = HashMap::new();
        for (id, thread) in &self.thread_of {
            parts.entry(self.root(*thread)).or_default().insert(id);
        }
        parts.into_values().collect()
    }
}

/// None if a mail would have to join more threads than one may.
fn partition(mails: &[&String]) -> Option<BTreeSet<BTreeSet<String>>> {
    let mut mailbox = Mailbox::default();
    for mail in mails {
        if !mailbox.receive(mail) {
            return None;
        }
    }
    Some(mailbox.partition().into_iter().map(|part| part.into_iter().map(str::to_owned).collect()).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Conversations of up to 70 mails, some or most of which never arrive: the threads are the same in every order.
    #[test]
    fn every_order_gives_the_same_partition(
        (conversation, lost, orders) in conversation().prop_flat_map(|(conversation, lost)| {
            let count = conversation.len();
            let order = Just((0..count).collect::<Vec<_>>()).prop_shuffle();
            (Just(conversation), vec(proptest::bool::weighted(lost), count), vec(order, 3))
        })
    ) {
        let mails = mails(&conversation);
        let arriving = |order: &[usize]| order.iter().filter(|n| !lost[**n]).map(|n| &mails[*n]).collect::<Vec<_>>();
        let as_written = partition(&arriving(&(0..mails.len()).collect::<Vec<_>>()));
        prop_assume!(as_written.is_some());
        let backwards = (0..mails.len()).rev().collect();
        for order in orders.iter().chain([&backwards]) {
            let found = partition(&arriving(order));
            prop_assume!(found.is_some());
            prop_assert_eq!(&found, &as_written);
        }
    }
}

#[test]
fn an_answer_with_many_references_may_come_before_the_root() {
    let root = "Message-ID: <root@x>\n\nHello".to_owned();
    let others = (0..60).map(|n| format!("<{n}@x>")).collect::<Vec<_>>().join("\n ");
    let answer = format!("Message-ID: <new@x>\nIn-Reply-To: <59@x>\nReferences: <root@x>\n {others}\n\nHello");
    for order in [[&root, &answer], [&answer, &root]] {
        assert_eq!(partition(&order).unwrap().len(), 1);
    }
}
