//! Contacts: by id, and lists of them, newest first.
//!
//! A filter alone has a list of its own, which is read as far as it is given out: all and those with a status in an index,
//! those with a tag and those found by a word as entries (see [`crate::entries`]). Of several, one is read and the rest is
//! filtered; how much is read for one answer is bounded, and where it ended the next cursor goes on.

use std::collections::{BTreeMap, BTreeSet};

use actionlayer_domain::{
    ContactId, EmailAddress, WorkspaceId,
    contact::{Contact, ContactStatus},
    search::{Word, words_of_texts},
};

use crate::{
    Cursor, InvalidCursor, Page, PageRequest, Row, Store, StoreError, TotalsKey,
    keys::{self, Index, Key},
    lists::{Listing, TOTAL_CAP},
    record::{Item, row},
};

/// As many contacts of a word are read to be sorted. Of more, the newest contacts are looked through instead.
const MAX_CANDIDATES: i32 = 1_000;
/// How many contacts are looked at together, and how often for one answer.
const CHUNK: usize = 250;
const MAX_CHUNKS: usize = 8;

/// Which contacts. A filter that is not set asks nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContactFilter {
    /// Whether their mail may come in.
    pub status: Option<ContactStatus>,
    /// A tag they have.
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

/// Where a list is read.
enum Source {
    /// An index.
    Index(Index, String),
    /// Entries `<id>#<address>` of a partition.
    Entries(String),
    /// These, newest first.
    These(Vec<Contact>),
}

/// What was found on the way through a list.
struct Walk {
    contacts: Vec<Contact>,
    /// Where it would go on, when it ended before the list did.
    rest: Option<String>,
}

impl Store {
    /// A contact by its id.
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
        request: &PageRequest,
    ) -> Result<Result<Page<Contact>, InvalidCursor>, StoreError> {
        let (index, total) = match filter.status {
            None => (Index::List, TotalsKey::Contacts),
            Some(status) => (Index::State, TotalsKey::ContactsWithStatus(status)),
        };
        let pk = keys::contact_list(workspace, filter.status);
        if filter.tag.is_none() && filter.words.is_empty() {
            let listing = Listing { index: Some(index), pk, total: Some(total), ..Listing::default() };
            return self.list(workspace, &listing, request).await;
        }
        let name = format!("{pk}{filter:?}");
        let from = match &request.cursor {
            None => None,
            Some(text) => match Cursor::decode(text, &name, &keys::workspace_pk(workspace)) {
                Ok(cursor) => Some(cursor),
                Err(invalid) => return Ok(Err(invalid)),
            },
        };
        let source = match (self.candidates(workspace, filter).await?, &filter.tag) {
            (Some(these), _) => Source::These(these),
            (None, Some(tag)) => Source::Entries(keys::contacts_with_tag(workspace, tag)),
            (None, None) => Source::Index(index, pk),
        };
        let skip = from.as_ref().map_or(request.offset, |cursor| cursor.skip) as usize;
        let wanted = skip + request.limit as usize;
        let from_start = from.is_none();
        let walk =
            self.walk_contacts(workspace, &source, filter, from.map(|cursor| cursor.position), wanted + 1).await?;
        let Walk { mut contacts, rest } = walk;
        let next = if contacts.len() > wanted {
            contacts.truncate(wanted);
            contacts.last().map(|last| (last.id.to_string(), 0))
        } else {
            rest.map(|rest| (rest, u32::try_from(skip.saturating_sub(contacts.len())).unwrap_or(u32::MAX)))
        };
        let (total, total_is_capped) = if from_start && next.is_none() {
            (contacts.len() as u64, false)
        } else {
            self.count_contacts(workspace, &source, filter).await?
        };
        let next_cursor = next.map(|(position, skip)| {
            Cursor { pk: keys::workspace_pk(workspace), sk: String::new(), position, skip }.encode(&name)
        });
        let items = contacts.into_iter().skip(skip).collect();
        Ok(Ok(Page { items, total, total_is_capped, next_cursor }))
    }

    /// The contacts that words find, when they are few enough to be sorted.
    async fn candidates(
        &self,
        workspace: WorkspaceId,
        filter: &ContactFilter,
    ) -> Result<Option<Vec<Contact>>, StoreError> {
        // The longest word has the fewest contacts.
        let Some(word) = filter.words.iter().max_by_key(|word| word.text.len()) else { return Ok(None) };
        let pk = keys::contact_words(workspace, &word.text);
        let (entries, more) = self.entries_of_word(pk, word, MAX_CANDIDATES).await?;
        if more {
            return Ok(None);
        }
        let found: BTreeMap<&str, &str> =
            entries.iter().filter_map(|sk| sk.split_once('#')?.1.split_once('#')).collect();
        let mut contacts = self.contacts_of(workspace, found).await?;
        contacts.retain(|contact| filter.takes(contact));
        contacts.sort_by_key(|contact| std::cmp::Reverse(contact.id));
        Ok(Some(contacts))
    }

    /// Contacts by id and address, in no order; those that are not there (or not yet) are left out.
    async fn contacts_of(
        &self,
        workspace: WorkspaceId,
        wanted: impl IntoIterator<Item = (&str, &str)>,
    ) -> Result<Vec<Contact>, StoreError> {
        let wanted: BTreeMap<&str, &str> = wanted.into_iter().collect();
        let keys: Vec<Key> = wanted.values().map(|email| keys::contact_of(workspace, email)).collect();
        let mut contacts = Vec::with_capacity(keys.len());
        for item in self.batch_get_for_list(&keys).await? {
            let Row { value, .. } = row::<Contact>(item)?;
            if wanted.contains_key(value.id.to_string().as_str()) {
                contacts.push(value);
            }
        }
        Ok(contacts)
    }

    /// The first `wanted` contacts behind a place that pass, or as many as may be looked at for one answer.
    async fn walk_contacts(
        &self,
        workspace: WorkspaceId,
        source: &Source,
        filter: &ContactFilter,
        mut from: Option<String>,
        wanted: usize,
    ) -> Result<Walk, StoreError> {
        if let Source::These(these) = source {
            let behind = |contact: &&Contact| from.as_ref().is_none_or(|from| contact.id.to_string() < *from);
            let contacts = these.iter().filter(behind).take(wanted).cloned().collect();
            return Ok(Walk { contacts, rest: None });
        }
        let mut contacts = Vec::new();
        for _ in 0..MAX_CHUNKS {
            let (chunk, rest) = self.contacts_behind(workspace, source, from.as_deref()).await?;
            contacts.extend(chunk.into_iter().filter(|contact| filter.takes(contact)));
            from = rest;
            if from.is_none() || contacts.len() >= wanted {
                break;
            }
        }
        Ok(Walk { contacts, rest: from })
    }

    /// The next contacts of a source behind a place, newest first, and the place where the rest is.
    async fn contacts_behind(
        &self,
        workspace: WorkspaceId,
        source: &Source,
        from: Option<&str>,
    ) -> Result<(Vec<Contact>, Option<String>), StoreError> {
        // Places are ids; what follows an id in a sort key sorts behind the id itself.
        let range = from.map(|from| ("0".to_owned(), from.to_owned()));
        let (index, pk) = match source {
            Source::Index(index, pk) => (Some(*index), pk.clone()),
            Source::Entries(pk) => (None, pk.clone()),
            Source::These(_) => return Ok((Vec::new(), None)),
        };
        let listing = Listing { index, pk, range, ..Listing::default() };
        let limit = i32::try_from(CHUNK).unwrap_or(i32::MAX);
        let answer = self.query_listing(&listing, Some(limit), None, None).await?;
        let more = answer.last_evaluated_key.is_some();
        let items = answer.items.unwrap_or_default();
        let place = |item: &Item| sort_key(item, index.map_or(keys::SK, Index::sk));
        let mut places: Vec<String> = items.iter().filter_map(place).collect();
        let rest = places.last().filter(|_| more).map(|last| last.split('#').next().unwrap_or(last).to_owned());
        let mut contacts = if index.is_some() {
            items.into_iter().map(|item| row::<Contact>(item).map(|row| row.value)).collect::<Result<Vec<_>, _>>()?
        } else {
            places.sort_unstable();
            self.contacts_of(workspace, places.iter().filter_map(|place| place.split_once('#'))).await?
        };
        // An index includes the place itself.
        contacts.retain(|contact| from.is_none_or(|from| contact.id.to_string().as_str() < from));
        contacts.sort_by_key(|contact| std::cmp::Reverse(contact.id));
        Ok((contacts, rest))
    }

    async fn count_contacts(
        &self,
        workspace: WorkspaceId,
        source: &Source,
        filter: &ContactFilter,
    ) -> Result<(u64, bool), StoreError> {
        let cap = usize::try_from(TOTAL_CAP).unwrap_or(usize::MAX);
        let Walk { contacts, rest } = self.walk_contacts(workspace, source, filter, None, cap + 1).await?;
        Ok(match contacts.len() as u64 {
            count if count > TOTAL_CAP => (TOTAL_CAP, true),
            count => (count, rest.is_some()),
        })
    }
}

fn sort_key(item: &Item, attribute: &str) -> Option<String> {
    item.get(attribute)?.as_s().ok().cloned()
}
