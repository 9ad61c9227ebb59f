//! `Idempotency-Key`: the same request again gets the first answer again.
//!
//! A request is claimed before it is carried out and its answer is recorded after. Between the two its process may die:
//! the claim's lease then ends, and the same request may be carried out again. Where that would send mail twice, the
//! effect's transaction also writes a mark ([`Idempotency`]), by which the second run finds what the first one made.

use std::time::Duration;

use actionlayer_domain::Timestamp;
use actionlayer_store::{
    AnswerHead, CommitError, IdempotencyClaim, IdempotencyScope, IdempotentEffect, Row, Transaction, keys,
};
use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

use crate::{App, Caller, ServiceError};

/// Longer than any function may run: who carried it out has ended by then.
const LEASE: Duration = Duration::from_mins(1);

/// A request that is to happen once.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// Whose key it is.
    pub scope: &'a IdempotencyScope,
    /// Who sent it, by the id of the credential; none without one.
    pub sender: Option<String>,
    /// Method, path and query.
    pub route: &'a str,
    /// The `Idempotency-Key`.
    pub key: &'a str,
    pub body: &'a [u8],
    /// What only the caller has, from which the key to the recorded answer is made: an answer may hold a secret that is
    /// stored nowhere.
    pub secret: &'a str,
}

/// An answer as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Status and headers.
    pub head: AnswerHead,
    pub body: Vec<u8>,
}

/// What to do with a request.
#[derive(Debug)]
pub enum Begun {
    /// Carry it out, and record the answer with [`record`].
    Run(Box<Run>),
    /// It was answered.
    Replay(Answer),
    /// It is being carried out.
    InFlight,
    /// Its key came with another request.
    Reused,
}

/// A request that is being carried out.
#[derive(Debug)]
pub struct Run {
    claim: Row<IdempotencyClaim>,
    /// What the use case takes.
    pub idempotency: Idempotency,
}

/// Whether an effect may have happened before: for use cases whose effect must not happen twice, even when the first run
/// died before its answer was recorded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Idempotency(Option<Mark>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Mark {
    claim_id: String,
    /// An earlier run may have had its effect.
    again: bool,
}

/// Claims a request, or says what became of it.
pub async fn begin(app: &App, request: &Request<'_>) -> Result<Begun, ServiceError> {
    let now = app.now();
    let fresh = IdempotencyClaim {
        scope: request.scope.clone(),
        key_sha256: key_sha256(request),
        request_sha256: digest(&[request.body]),
        claim_id: format!("{:016x}{:016x}", app.entropy().next_u64(), app.entropy().next_u64()),
        claimed_at: now,
        lease_until: now.after(LEASE),
        answer: None,
    };
    // Most keys are new. One that is not is read; one that was deleted or taken over meanwhile is looked at again.
    for _ in 0..3 {
        let mut transaction = Transaction::new();
        transaction.create_with_body(&app.store, &fresh, &String::new()).await?;
        match app.store.commit(transaction).await {
            Ok(()) => return Ok(run(Row::created(fresh), false)),
            Err(CommitError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        let Some(row) =
            app.store.get::<IdempotencyClaim>(&keys::idempotency_claim(&fresh.scope, &fresh.key_sha256)).await?
        else {
            continue;
        };
        let over = row.value.is_over(now);
        if !over && row.value.request_sha256 != fresh.request_sha256 {
            return Ok(Begun::Reused);
        }
        if !over && let Some(head) = &row.value.answer {
            let sealed: String = app.store.body(&row).await?;
            return match open(request, &sealed) {
                Some(body) => Ok(Begun::Replay(Answer { head: head.clone(), body })),
                None => Ok(Begun::Reused),
            };
        }
        if !over && now < row.value.lease_until {
            return Ok(Begun::InFlight);
        }
        // A claim whose time is over gives way to a new one; one whose lease ended is taken over, mark and all.
        let taken =
            if over { fresh.clone() } else { IdempotencyClaim { lease_until: fresh.lease_until, ..row.value.clone() } };
        let mut transaction = Transaction::new();
        transaction.replace_with_body(&app.store, &row, &taken, &String::new()).await?;
        match app.store.commit(transaction).await {
            Ok(()) => return Ok(run(row.replaced_by(taken), !over)),
            Err(CommitError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Begun::InFlight)
}

/// Whether this request was claimed not longer ago than that.
pub async fn claimed_within(app: &App, request: &Request<'_>, seconds: i64) -> Result<bool, ServiceError> {
    let key = keys::idempotency_claim(request.scope, &key_sha256(request));
    let claim = app.store.get::<IdempotencyClaim>(&key).await?;
    Ok(claim.is_some_and(|row| app.now().unix_seconds() - row.value.claimed_at.unix_seconds() < seconds))
}

fn run(claim: Row<IdempotencyClaim>, again: bool) -> Begun {
    let idempotency = Idempotency(Some(Mark { claim_id: claim.value.claim_id.clone(), again }));
    Begun::Run(Box::new(Run { claim, idempotency }))
}

/// Keeps an answer for whoever sends the request again.
pub async fn record(app: &App, run: &Run, request: &Request<'_>, answer: &Answer) -> Result<(), ServiceError> {
    let claim = IdempotencyClaim { answer: Some(answer.head.clone()), ..run.claim.value.clone() };
    let sealed = seal(request, &answer.body)?;
    let mut transaction = Transaction::new();
    transaction.replace_with_body(&app.store, &run.claim, &claim, &sealed).await?;
    Ok(app.store.commit(transaction).await?)
}

/// Gives a claim back unanswered, so that the same request may be carried out again at once. What an earlier run may have
/// done stays known: the lease ends, the claim stays.
pub async fn release(app: &App, run: &Run) -> Result<(), ServiceError> {
    let claim = IdempotencyClaim { lease_until: app.now(), ..run.claim.value.clone() };
    let mut transaction = Transaction::new();
    transaction.replace(&run.claim, &claim)?;
    Ok(app.store.commit(transaction).await?)
}

impl Idempotency {
    /// Of a request without a key: sent again, it is another request.
    pub const NONE: Self = Self(None);

    /// Of a job that may come twice, such as a rule's action for one event: an earlier run may have had its effect. The name
    /// must be the same then, and no other's in the workspace.
    pub fn of_job(name: impl Into<String>) -> Self {
        Self(Some(Mark { claim_id: name.into(), again: true }))
    }

    /// Whether an earlier run of the caller's request had its effect.
    pub(crate) async fn happened(&self, app: &App, caller: &Caller) -> Result<bool, ServiceError> {
        Ok(self.made::<String>(app, caller).await?.is_some())
    }

    /// The id of what an earlier run of the caller's request made.
    pub(crate) async fn made<T: std::str::FromStr>(
        &self,
        app: &App,
        caller: &Caller,
    ) -> Result<Option<T>, ServiceError> {
        let Some(Mark { claim_id, again: true }) = &self.0 else { return Ok(None) };
        let key = keys::idempotent_effect(caller.workspace_id, claim_id);
        let effect = app.store.get::<IdempotentEffect>(&key).await?;
        Ok(effect.and_then(|row| row.value.made.parse().ok()))
    }

    /// Writes the mark along with the effect.
    pub(crate) fn mark(
        &self,
        transaction: &mut Transaction,
        caller: &Caller,
        made: impl std::fmt::Display,
        at: Timestamp,
    ) -> Result<(), ServiceError> {
        if let Some(Mark { claim_id, .. }) = &self.0 {
            transaction.create(&IdempotentEffect {
                workspace_id: caller.workspace_id,
                claim_id: claim_id.clone(),
                made: made.to_string(),
                at,
            })?;
        }
        Ok(())
    }
}

/// The name of a request's claim. Each API key has keys of its own: what an agent's key claims is not in the way of the
/// owner's.
fn key_sha256(request: &Request<'_>) -> String {
    let sender = request.sender.as_deref().unwrap_or_default();
    digest(&[sender.as_bytes(), request.route.as_bytes(), request.key.as_bytes()])
}

/// SHA-256 over parts, none of which can run into the next.
fn digest(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hex::encode(hash.finalize())
}

/// The key of an answer: whoever can read the table has neither of the two it is made from.
fn answer_key(request: &Request<'_>) -> Option<RandomizedNonceKey> {
    let mut hash = Sha256::new();
    hash.update(b"actionlayer idempotent answer\0");
    hash.update(request.secret);
    hash.update([0]);
    hash.update(request.key);
    RandomizedNonceKey::new(&AES_256_GCM, hash.finalize().as_slice()).ok()
}

fn seal(request: &Request<'_>, body: &[u8]) -> Result<String, ServiceError> {
    let failed = || ServiceError::Upstream { service: "aead", code: "not_sealed".to_owned() };
    let mut bytes = body.to_vec();
    let key = answer_key(request).ok_or_else(failed)?;
    let nonce = key.seal_in_place_append_tag(Aad::empty(), &mut bytes).map_err(|_| failed())?;
    let mut sealed = nonce.as_ref().to_vec();
    sealed.append(&mut bytes);
    Ok(STANDARD.encode(sealed))
}

fn open(request: &Request<'_>, sealed: &str) -> Option<Vec<u8>> {
    let sealed = STANDARD.decode(sealed).ok()?;
    let (nonce, bytes) = sealed.split_at_checked(NONCE_LEN)?;
    let mut bytes = bytes.to_vec();
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let body = answer_key(request)?.open_in_place(nonce, Aad::empty(), &mut bytes).ok()?;
    Some(body.to_vec())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn request<'a>(scope: &'a IdempotencyScope, key: &'a str, secret: &'a str) -> Request<'a> {
        Request { scope, sender: None, route: "POST /v1/api-keys", key, body: b"{}", secret }
    }

    #[test]
    fn an_answer_opens_to_the_caller_who_got_it_and_nobody_else() {
        let scope = IdempotencyScope::Source("here".to_owned());
        let sealed = seal(&request(&scope, "k", "mine"), b"{\"key\":\"nc_live_x\"}").unwrap();
        assert!(!String::from_utf8_lossy(&STANDARD.decode(&sealed).unwrap()).contains("nc_live"));
        assert_eq!(open(&request(&scope, "k", "mine"), &sealed).unwrap(), b"{\"key\":\"nc_live_x\"}");
        assert_eq!(open(&request(&scope, "k", "theirs"), &sealed), None);
        assert_eq!(open(&request(&scope, "l", "mine"), &sealed), None);
        assert_eq!(open(&request(&scope, "k", "mine"), "AAAA"), None);
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(digest(&[b"ab", b"c"]), digest(&[b"a", b"bc"]));
    }
}
