//! `GET /v1/threads`.

use std::{str::FromStr, time::Duration};

use actionlayer_domain::{ContactId, EmailAddress, Thread};
use actionlayer_store::{Page, PageRequest, ThreadFilter};

use crate::{App, Caller, ServiceError, permission::Require as _, waiting::until_found};

/// A contact, as a caller names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamedContact {
    Address(EmailAddress),
    Id(ContactId),
}

/// It is neither an address nor an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an e-mail address such as ada@example.com, or the id of a contact")]
pub struct InvalidContact;

impl FromStr for NamedContact {
    type Err = InvalidContact;

    fn from_str(text: &str) -> Result<Self, InvalidContact> {
        if let Ok(id) = text.parse() {
            return Ok(Self::Id(id));
        }
        text.parse().map(Self::Address).map_err(|_| InvalidContact)
    }
}

/// Threads, newest message first. A key bound to identities must name one of them, unless it is bound to just one.
pub async fn list_threads(
    app: &App,
    caller: &Caller,
    mut filter: ThreadFilter,
    contact: Option<NamedContact>,
    page: PageRequest,
) -> Result<Page<Thread>, ServiceError> {
    filter.identity_id = caller.listed_identity(filter.identity_id)?;
    if filter.from.zip(filter.to).is_some_and(|(from, to)| from > to) {
        return Err(ServiceError::invalid("to_date", "must not be before `from_date`"));
    }
    filter.contact = match contact {
        None => None,
        Some(NamedContact::Address(address)) => Some(address.folded()),
        // Nobody takes part in a thread under no address at all.
        Some(NamedContact::Id(id)) => {
            let address = app.store.address_of_contact(caller.workspace_id, id).await?;
            Some(address.map_or_else(String::new, |address| address.folded()))
        }
    };
    Ok(app.store.list_threads(caller.workspace_id, &filter, &page).await?)
}

/// The same. When there is none, waits for one, at most so long.
pub async fn wait_for_threads(
    app: &App,
    caller: &Caller,
    filter: ThreadFilter,
    contact: Option<NamedContact>,
    page: PageRequest,
    wait: Duration,
) -> Result<Page<Thread>, ServiceError> {
    let read = || list_threads(app, caller, filter.clone(), contact.clone(), page.clone());
    until_found(wait, read, |page: &Page<Thread>| !page.items.is_empty()).await
}
