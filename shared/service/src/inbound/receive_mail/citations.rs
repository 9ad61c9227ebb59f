//! What a mail belongs to, by the Message-IDs it names. Never by subject.
//!
//! The ids that are looked up are the ids that are remembered, so that which mails belong together is decided by what they
//! cite and by nothing else, least of all by what came first: a mail and every id it cites are one, known or not.

use actionlayer_domain::{EmailAddress, ThreadId};
use actionlayer_mail::{ParsedMail, thread_keys};
use actionlayer_store::MailPointer;

/// The Message-IDs that a mail names.
pub(super) struct Citations {
    /// The one it is known by.
    pub(super) own: String,
    /// Those it cites, most likely first. Bounded by [`thread_keys`].
    cited: Vec<String>,
}

impl Citations {
    /// Those of a mail that came to `address`. Some clients write whom they answer into `In-Reply-To` ("Message from …
    /// of …"): our own address names every mail to it, and so none.
    pub(super) fn of(mail: &ParsedMail, own: String, address: &EmailAddress) -> Self {
        let cited = thread_keys(mail).into_iter().filter(|id| *id != own && !id.eq_ignore_ascii_case(address.as_str()));
        Self { cited: cited.map(str::to_owned).collect(), own }
    }

    /// All that are to be looked up.
    pub(super) fn all(&self) -> Vec<String> {
        std::iter::once(&self.own).chain(&self.cited).cloned().collect()
    }

    /// The threads it belongs to, as they were when its ids were remembered: those of every id it cites, and of its own,
    /// which an answer that overtook it may have cited.
    pub(super) fn threads<'a>(&self, known: impl Fn(&str) -> Option<&'a MailPointer>) -> Vec<ThreadId> {
        // Another mail under the very same Message-ID is not this one's thread.
        let own = known(&self.own).filter(|pointer| pointer.message_id.is_none());
        let mut threads: Vec<ThreadId> = Vec::new();
        for pointer in self.cited.iter().filter_map(|id| known(id)).chain(own) {
            if !threads.contains(&pointer.thread_id) {
                threads.push(pointer.thread_id);
            }
        }
        threads
    }

    /// The ids it cites that nothing is known of. From now on they lead to its thread.
    pub(super) fn unknown<'a>(&self, known: impl Fn(&str) -> Option<&'a MailPointer>) -> impl Iterator<Item = &str> {
        self.cited.iter().map(String::as_str).filter(move |id| known(id).is_none())
    }
}

#[cfg(test)]
mod tests;
