//! What stands below what is new: a mail that is answered, or one that is passed on.

use std::{cell::OnceCell, collections::HashSet};

use actionlayer_domain::message::Mailbox;

use crate::{
    attribution::{People, author_line, is_forward_subject, is_reply_subject},
    parsed_mail::ParsedMail,
};

/// What becomes of the text of earlier mails in a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Past {
    /// The mail answers one: it is history.
    Answered,
    /// The mail was sent in a conversation, and its subject does not say what for.
    Unsaid,
    /// The mail answers none: its author put it there.
    Pasted,
    /// The subject says that the mail was forwarded: all from there on is.
    Forwarded,
}

/// What is known about a mail beside its body.
pub(super) struct Context<'a> {
    pub(super) past: Past,
    mail: Option<&'a ParsedMail>,
    people: OnceCell<Known>,
}

/// Those whom a mail is to or from, to be looked up; in lower case.
#[derive(Default)]
struct Known {
    names: HashSet<String>,
    addresses: HashSet<String>,
    initials: HashSet<String>,
}

impl<'a> Context<'a> {
    pub(super) fn of_mail(mail: &'a ParsedMail) -> Self {
        let past = if is_forward_subject(&mail.subject) {
            Past::Forwarded
        } else if is_reply_subject(&mail.subject) {
            Past::Answered
        } else if mail.in_reply_to.is_empty() && mail.references.is_empty() {
            Past::Pasted
        } else {
            Past::Unsaid
        };
        Self { past, mail: Some(mail), people: OnceCell::new() }
    }

    /// Of a text that nothing is known about.
    pub(super) fn unknown() -> Self {
        Self { past: Past::Answered, mail: None, people: OnceCell::new() }
    }

    /// Whether the mail goes on in a conversation, as far as it says.
    pub(super) const fn is_answer(&self) -> bool {
        matches!(self.past, Past::Answered | Past::Unsaid)
    }

    /// Whether what looks like history is, with the header block that may start `lines`. An answer goes to the author of
    /// what is below it; Outlook names the message it forwards in `In-Reply-To`, too.
    pub(super) fn is_history(&self, lines: &[&str]) -> bool {
        match self.past {
            Past::Answered => true,
            Past::Forwarded => false,
            Past::Unsaid => self.is_of_participant(lines).unwrap_or(true),
            Past::Pasted => self.is_of_participant(lines).unwrap_or(false),
        }
    }

    /// Whether the author of a header block is somebody this mail is to or from. `None` when it names no address.
    fn is_of_participant(&self, lines: &[&str]) -> Option<bool> {
        let mail = self.mail?;
        let author = author_line(lines).filter(|line| line.contains('@'))?.to_lowercase();
        // A mail pasted into another may be one its author wrote.
        let from = mail.from.iter().filter(|_| self.past == Past::Unsaid);
        let mut people = from.chain(&mail.to).chain(&mail.cc).take(MAX_PEOPLE);
        Some(people.any(|person| author.contains(&person.email.to_lowercase())))
    }

    fn people(&self) -> &Known {
        self.people.get_or_init(|| {
            let mut known = Known::default();
            let mailboxes = self.mail.into_iter().flat_map(|mail| mail.from.iter().chain(&mail.to).chain(&mail.cc));
            for person in mailboxes.take(MAX_PEOPLE) {
                let name = person.name.as_deref().unwrap_or_default();
                let local = person.email.split('@').next().unwrap_or_default();
                known.names.extend(words(name).into_iter().chain(words(local)));
                known.addresses.insert(person.email.to_lowercase());
                let firsts = |text: &str| -> String {
                    let words = text.split(|c: char| !c.is_alphanumeric()).take(MAX_WORDS);
                    words.filter_map(|word| word.chars().next()).flat_map(char::to_lowercase).collect()
                };
                known.initials.extend([firsts(name), firsts(local)]);
            }
            known
        })
    }

    /// Whether a text, in any case, is the initials of one of them.
    pub(super) fn has_initials(&self, text: &str) -> bool {
        self.people().initials.contains(&text.to_lowercase())
    }

    /// Whether a line has a name of the author.
    pub(super) fn names_author(&self, line: &str) -> bool {
        let from = self.mail.and_then(|mail| mail.from.as_ref());
        from.is_some_and(|from| names(from, &words(line)))
    }

    /// Whether lines have a name of somebody the mail is to or from. Where no recipient's name is known, they may have.
    pub(super) fn names_participant(&self, lines: &[&str]) -> bool {
        let Some(mail) = self.mail else { return true };
        if !mail.to.iter().chain(&mail.cc).take(MAX_PEOPLE).any(|person| person.name.is_some()) {
            return true;
        }
        let said: Vec<String> = lines.iter().flat_map(|line| words(line)).collect();
        mail.from.iter().chain(&mail.to).chain(&mail.cc).take(MAX_PEOPLE).any(|person| names(person, &said))
    }
}

impl People for Context<'_> {
    fn has_name(&self, word: &str) -> bool {
        self.people().names.contains(word)
    }

    fn has_address(&self, address: &str) -> bool {
        self.people().addresses.contains(address)
    }
}

fn names(person: &Mailbox, said: &[String]) -> bool {
    let local = person.email.split('@').next().unwrap_or_default();
    let mut names = words(person.name.as_deref().unwrap_or_default()).into_iter().chain(words(local));
    names.any(|name| said.contains(&name))
}

/// The words that can be names, in lower case.
fn words(text: &str) -> Vec<String> {
    let long = text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.chars().count() >= MIN_NAME);
    long.take(MAX_WORDS).map(str::to_lowercase).collect()
}

/// Mailboxes looked at.
const MAX_PEOPLE: usize = 50;
/// Words of a line or a name looked at.
const MAX_WORDS: usize = 50;
/// The shortest word of a name that is compared, in characters.
const MIN_NAME: usize = 2;
