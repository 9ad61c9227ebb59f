//! Keys of the people mail is exchanged with: contacts, senders whose mail is held, addresses that get no more.

use actionlayer_domain::{
    ContactId, EmailAddress, Family, HeldId, IdentityId, SuppressionId, WorkspaceId,
    contact::{Contact, ContactStatus},
};
use sha2::{Digest, Sha256};

use super::{Key, workspace_pk};

/// A contact.
pub fn contact(workspace: WorkspaceId, email: &EmailAddress) -> Key {
    Key::new(contacts(workspace), email.folded())
}

/// A contact by its folded address.
pub(crate) fn contact_of(workspace: WorkspaceId, folded: &str) -> Key {
    Key::new(contacts(workspace), folded)
}

/// The partition of a workspace's contacts.
pub(crate) fn contacts(workspace: WorkspaceId) -> String {
    format!("{}#C", workspace_pk(workspace))
}

/// Domains that are known, entered by the relay: those that a stranger may want to be taken for.
pub(crate) fn known_domains(workspace: WorkspaceId) -> String {
    format!("{}#KNOWN", workspace_pk(workspace))
}

/// Of which new senders the approvers of an identity are told together.
pub fn held_digest(workspace: WorkspaceId, identity: IdentityId) -> Key {
    Key::new(workspace_pk(workspace), format!("DIGEST#{identity}"))
}

/// That a domain is known.
pub(crate) fn known_domain(workspace: WorkspaceId, domain: &str) -> Key {
    Key::new(known_domains(workspace), domain.to_ascii_lowercase())
}

/// Contacts with a tag, entered by the relay.
pub(crate) fn contacts_with_tag(workspace: WorkspaceId, tag: &str) -> String {
    format!("{}#TAG#{tag}", contact_list(workspace, None))
}

/// That a contact has a tag.
pub(crate) fn contact_with_tag(workspace: WorkspaceId, tag: &str, contact: &Contact) -> Key {
    Key::new(contacts_with_tag(workspace, tag), format!("{}#{}", contact.id, contact.email.folded()))
}

/// The partition of the words of contacts that begin like this one.
pub(crate) fn contact_words(workspace: WorkspaceId, word: &str) -> String {
    let beginning: String = word.chars().take(1).collect();
    format!("{}#WORDS#{beginning}", contact_list(workspace, None))
}

/// That a contact is found by a word.
pub(crate) fn contact_with_word(workspace: WorkspaceId, word: &str, contact: &Contact) -> Key {
    Key::new(contact_words(workspace, word), format!("{word}#{}#{}", contact.id, contact.email.folded()))
}

/// A contact by id, in [`Index::Owner`].
pub(crate) fn contact_by_id(workspace: WorkspaceId, id: ContactId) -> String {
    format!("{}#C#{id}", workspace_pk(workspace))
}

/// All contacts, in [`Index::List`]; those with a status, in [`Index::State`].
pub(crate) fn contact_list(workspace: WorkspaceId, status: Option<ContactStatus>) -> String {
    let status = status.map(|status| format!("#{}", status.as_str())).unwrap_or_default();
    format!("{}#CONTACTS{status}", workspace_pk(workspace))
}

/// The family of a sender's held mail: all of it lies together, and each of its ids names it.
pub fn sender_family(from_email: &str) -> Family {
    let hash = Sha256::digest(from_email.to_ascii_lowercase().as_bytes());
    Family::of_hash(hash.iter().take(8).fold(0, |hash, byte| (hash << 8) | u64::from(*byte)))
}

/// The partition of a sender's held mail.
pub(crate) fn held_pk(workspace: WorkspaceId, sender: Family) -> String {
    format!("{}#H#{sender}", workspace_pk(workspace))
}

/// Held mail; its id names the family.
pub fn held(workspace: WorkspaceId, id: HeldId) -> Key {
    Key::new(held_pk(workspace, id.family()), id.to_string())
}

/// That the approvers of an identity are told of a sender.
pub fn sender_notice(workspace: WorkspaceId, sender: Family, identity: IdentityId) -> Key {
    Key::new(held_pk(workspace, sender), format!("NOTICE#{identity}"))
}

/// All held mail, in [`Index::List`].
pub(crate) fn held_list(workspace: WorkspaceId) -> String {
    format!("{}#HELD", workspace_pk(workspace))
}

/// Held mail of an identity, in [`Index::Owner`].
pub(crate) fn held_of_identity(workspace: WorkspaceId, identity: IdentityId) -> String {
    format!("{}#I#{identity}", held_list(workspace))
}

/// An address that nothing is sent to.
pub fn suppression(workspace: WorkspaceId, email: &EmailAddress) -> Key {
    Key::new(format!("{}#S", workspace_pk(workspace)), email.folded())
}

/// All suppressed addresses, in [`Index::List`].
pub(crate) fn suppressions(workspace: WorkspaceId) -> String {
    format!("{}#SUPPRESSIONS", workspace_pk(workspace))
}

/// A suppressed address by its id, in [`Index::Owner`].
pub(crate) fn suppression_by_id(workspace: WorkspaceId, id: SuppressionId) -> String {
    format!("{}#S#{id}", workspace_pk(workspace))
}
