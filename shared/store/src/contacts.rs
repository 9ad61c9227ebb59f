//! Contacts: by id, and lists of them, newest first.
//!
//! A filter alone has a list of its own, which is read as far as it is given out: all and those with a status in an index,
//! those with a tag and those found by a word as entries (see [`crate::entries`]). Of several, one is read and the rest is
//! filtered.

use std::collections::{BTreeMap, BTreeSet};

use actionlayer_domain::{
    ContactId, EmailAddress, WorkspaceId,
    contact::{Contact, ContactStatus},
    search::{Word, words_of_texts},
};

use futures_util::FutureExt as _;

use crate::{
    Page, PageRequest, Row, Store, StoreError,
    counted::TotalsKey,
    keys::{self, Index, Key},
    record::row,
};

/// As many contacts of a word are read to be sorted. Of more, the newest contacts are looked through instead.
const MAX_CANDIDATES: i32 = 1_000;
/// Which contacts. A filter that is not set asks nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContactFilter {
    /// Whether their mail may come in.
    pub status: Option<ContactStatus>,
    pub tag: Option<String>,
    /// Words of their address and name, all of them.
    pub words: Vec<Word>,
}

impl ContactFilter {
    /// Whether a contact passes.
    pub fn takes(&self, contact: &Contact) -> bool {
        let Self { status, tag, words } = self;
        let has = |word: &Word, all: &BTreeSet<String>| {
            let first = all.range(word.text.clone()..).next();
            first.is_some_and(|first| *first == word.text || (word.is_prefix && first.starts_with(&word.text)))
        };
        status.is_none_or(|status| contact.status == status)
            && tag.as_ref().is_none_or(|tag| contact.tags.contains(tag))
            && (words.is_empty() || {
                let all = words_of(contact);
                words.iter().all(|word| has(word, &all))
            })
    }
}

/// The words a contact is found by: those of the address and of the name.
fn words_of(contact: &Contact) -> BTreeSet<String> {
    words_of_texts([contact.email.as_str()].into_iter().chain(contact.name.as_deref()))
}

/// The entries a contact has.
pub(crate) fn entries_of(contact: &Contact) -> Vec<Key> {
    let tags = contact.tags.iter().map(|tag| keys::contact_with_tag(contact.workspace_id, tag, contact));
    let words = words_of(contact);
    tags.chain(words.iter().map(|word| keys::contact_with_word(contact.workspace_id, word, contact))).collect()
}

impl Store {
    pub async fn contact_by_id(
        &self,
        workspace: WorkspaceId,
        id: ContactId,
    ) -> Result<Option<Row<Contact>>, StoreError> {
        let row = self.get_indexed::<Contact>(keys::contact_by_id(workspace, id)).await?;
        Ok(row.filter(|row| row.value.id == id))
    }

    /// The address of a contact, for a list: as of moments ago.
    pub async fn address_of_contact(
        &self,
        workspace: WorkspaceId,
        id: ContactId,
    ) -> Result<Option<EmailAddress>, StoreError> {
        let found = self.find_indexed::<Contact>(keys::contact_by_id(workspace, id)).await?;
        Ok(found.map(|row| row.value.email))
    }

    /// Contacts, newest first.
    pub async fn list_contacts(
        &self,
        workspace: WorkspaceId,
        filter: &ContactFilter,
        page: &PageRequest,
    ) -> Result<Page<Contact>, StoreError> {
        let ContactFilter { status, tag, words } = filter;
        let contacts = self.newest_first::<Contact>(workspace, filter);
        let contacts = match (self.candidates(workspace, words).await?, tag, status) {
            (Some(these), ..) => contacts.these(these),
            (None, Some(tag), _) => contacts.entered_in(keys::contacts_with_tag(workspace, tag), move |entries| {
                async move { self.contacts_of(workspace, &entries).await }.boxed()
            }),
            (None, None, Some(status)) => contacts
                .in_index(Index::State, keys::contact_list(workspace, Some(*status)))
                .counted_by(TotalsKey::ContactsWithStatus(*status)),
            (None, None, None) => {
                contacts.in_index(Index::List, keys::contact_list(workspace, None)).counted_by(TotalsKey::Contacts)
            }
        };
        // A list that one filter made needs no other look.
        let contacts = match (tag, status, words.as_slice()) {
            (None, _, []) | (_, None, []) => contacts,
            _ => contacts.that(|contact| filter.takes(contact)),
        };
        contacts.page(page).await
    }

    /// The contacts that the longest word finds, when they are few enough to be sorted.
    async fn candidates(
        &self,
        workspace: WorkspaceId,
        words: &[Word],
    ) -> Result<Option<Vec<Row<Contact>>>, StoreError> {
        // The longest word has the fewest contacts.
        let Some(word) = words.iter().max_by_key(|word| word.text.len()) else { return Ok(None) };
        let pk = keys::contact_words(workspace, &word.text);
        let (entries, more) = self.entries_of_word(pk, word, MAX_CANDIDATES).await?;
        if more {
            return Ok(None);
        }
        let entries: Vec<String> =
            entries.iter().filter_map(|entry| entry.split_once('#')).map(|(_, of)| of.to_owned()).collect();
        self.contacts_of(workspace, &entries).await.map(Some)
    }

    /// Contacts by entries `<id>#<address>`, in no order; those that are not there (or not yet) are left out.
    async fn contacts_of(&self, workspace: WorkspaceId, entries: &[String]) -> Result<Vec<Row<Contact>>, StoreError> {
        let wanted: BTreeMap<&str, &str> = entries.iter().filter_map(|entry| entry.split_once('#')).collect();
        let keys: Vec<Key> = wanted.values().map(|email| keys::contact_of(workspace, email)).collect();
        let mut contacts = Vec::with_capacity(keys.len());
        for item in self.batch_get_for_list(&keys).await? {
            let contact = row::<Contact>(item)?;
            if wanted.contains_key(contact.value.id.to_string().as_str()) {
                contacts.push(contact);
            }
        }
        Ok(contacts)
    }
}
