//! `POST /v1/domains/{id}/verify`: asks DNS for the five records and SES for its verdict, now.

use actionlayer_clients::{dns::Zone, ses::SesDomain};
use actionlayer_domain::{
    DomainId, SecretPlace, SendingDomain, Timestamp, WorkspaceId,
    key::Permission,
    sending_domain::{CLAIM_LIFETIME, DnsRecord, DomainStatus, RecordType},
};
use actionlayer_store::{DomainKeys, Transaction, keys};

use crate::{
    App, Caller, ServiceError,
    contention::until_settled,
    domains::domain_records::{Found, judge, mx_text, suggestion},
    permission::Require as _,
    secrets,
};

/// Checks a domain of the caller's workspace.
pub async fn verify_domain(app: &App, caller: &Caller, id: DomainId) -> Result<SendingDomain, ServiceError> {
    caller.require(Permission::Administer)?;
    let (domain, at_ses) = check(app, caller.workspace_id, id).await?;
    if at_ses == Some(SesDomain::Foreign) {
        return Err(ServiceError::Conflict(
            "SES has this domain already, and not from this deployment: delete it there first, or claim another name",
        ));
    }
    Ok(domain)
}

/// Checks a domain, for whoever; the schedule does so for pending ones.
pub async fn check_domain(app: &App, workspace_id: WorkspaceId, id: DomainId) -> Result<SendingDomain, ServiceError> {
    Ok(check(app, workspace_id, id).await?.0)
}

async fn check(
    app: &App,
    workspace_id: WorkspaceId,
    id: DomainId,
) -> Result<(SendingDomain, Option<SesDomain>), ServiceError> {
    let key = keys::domain(workspace_id, id);
    let not_found = || ServiceError::NotFound { what: "domain" };
    let domain = app.store.get::<SendingDomain>(&key).await?.ok_or_else(not_found)?.value;
    let (found, ()) = tokio::join!(look_up(app, &domain), move_keys(app, &domain));
    let at_ses = ask_ses(app, &domain, &found).await;
    let ses_verified = at_ses.map(|at_ses| matches!(at_ses, SesDomain::Ours { verified: true, .. }));
    let checked = until_settled(app, || async {
        let row = app.store.get::<SendingDomain>(&key).await?.ok_or_else(not_found)?;
        let mut domain = row.value.clone();
        apply(&mut domain, found.clone(), ses_verified, app.now());
        let mut transaction = Transaction::new();
        transaction.replace(&row, &domain)?;
        app.store.commit(transaction).await?;
        Ok(domain)
    })
    .await?;
    Ok((checked, at_ses))
}

/// Seals the keys of a domain from before secrets were sealed, which nobody may need for a long time. The next check tries
/// again.
async fn move_keys(app: &App, domain: &SendingDomain) {
    let moved = async {
        let former = app.store.get::<DomainKeys>(&keys::domain_keys(domain.workspace_id, domain.id)).await?;
        if former.is_some() {
            domain_keys(app, domain).await?;
        }
        Ok::<_, ServiceError>(())
    };
    if let Err(error) = moved.await {
        tracing::warn!(%error, domain_id = %domain.id, "the keys of a domain lie in the clear still");
    }
}

async fn domain_keys(app: &App, domain: &SendingDomain) -> Result<Option<DomainKeys>, ServiceError> {
    let place = SecretPlace::Dkim { workspace_id: domain.workspace_id, domain_id: domain.id };
    let former = keys::domain_keys(domain.workspace_id, domain.id);
    Ok(secrets::read_or_move(app, &place, &former).await?.map(|opened| opened.value))
}

/// What DNS has for each record of the domain, in their order. All are asked at once; each takes seconds at most.
pub(crate) async fn look_up(app: &App, domain: &SendingDomain) -> Vec<Found> {
    let zone = app.dns.zone(&domain.domain).await;
    let mut found = vec![None; domain.records.len()];
    let mut questions = tokio::task::JoinSet::new();
    let zone = std::sync::Arc::new(zone);
    for (i, record) in domain.records.iter().enumerate() {
        let (zone, record) = (std::sync::Arc::clone(&zone), record.clone());
        questions.spawn(async move { (i, ask_dns(&zone, &record).await) });
    }
    while let Some(answer) = questions.join_next().await {
        if let Ok((i, answer)) = answer
            && let Some(slot) = found.get_mut(i)
        {
            *slot = answer;
        }
    }
    found
}

async fn ask_dns(zone: &Zone, record: &DnsRecord) -> Found {
    match record.record_type {
        RecordType::Txt => zone.txt(&record.name).await.ok(),
        RecordType::Mx => {
            let exchanges = zone.mx(&record.name).await.ok()?;
            Some(exchanges.into_iter().map(|(preference, host)| mx_text(preference, &host)).collect())
        }
    }
}

/// What SES has of the domain; `None` when it does not say. One that it does not know is registered, and the key of one
/// that is ours is set, once its owner has proven to be the one who asked.
async fn ask_ses(app: &App, domain: &SendingDomain, found: &[Found]) -> Option<SesDomain> {
    if !is_proven(domain, found) {
        return None;
    }
    let answer: Result<SesDomain, ServiceError> = async {
        let known = app.mailer.domain(&domain.domain, &domain.dkim_selector).await?;
        if matches!(known, SesDomain::Foreign | SesDomain::Ours { signs: true, .. }) {
            return Ok(known);
        }
        let Some(keys) = domain_keys(app, domain).await? else { return Ok(known) };
        let key = &keys.private_key_base64;
        Ok(app.mailer.register_domain(&domain.domain, &domain.dkim_selector, key).await?)
    }
    .await;
    match answer {
        Ok(known) => Some(known),
        Err(error) => {
            tracing::warn!(%error, domain_id = %domain.id, "SES did not say whether a domain is verified");
            None
        }
    }
}

/// Whether DNS has the record that only who owns the domain and asked for it here can have published.
fn is_proven(domain: &SendingDomain, found: &[Found]) -> bool {
    let mut record = domain.records.first().zip(found.first()).map(|(record, found)| (record.clone(), found.clone()));
    record.as_mut().is_some_and(|(record, found)| {
        judge(record, found.take());
        record.verified
    })
}

/// Judges the domain by what was found. Verified takes all five records and SES's word; once verified, a missing record
/// or SES's "no" makes it failed. No answer, from DNS or SES, changes nothing.
pub(crate) fn apply(domain: &mut SendingDomain, found: Vec<Found>, ses_verified: Option<bool>, now: Timestamp) {
    for (record, found) in domain.records.iter_mut().zip(found) {
        judge(record, found);
    }
    domain.suggestion = suggestion(&domain.domain, &domain.records);
    let complete = domain.missing_records().next().is_none();
    let was = domain.status;
    domain.status = match (was, complete, ses_verified) {
        (_, true, Some(true)) => DomainStatus::Verified,
        (DomainStatus::Verified, true, None) => DomainStatus::Verified,
        (DomainStatus::Verified, _, _) => DomainStatus::Failed,
        (DomainStatus::Pending, _, _) if now.since(domain.created_at) >= CLAIM_LIFETIME => DomainStatus::Failed,
        (unchanged, _, _) => unchanged,
    };
    if domain.status == DomainStatus::Verified {
        domain.verified_at = domain.verified_at.or(Some(now));
    }
    domain.last_checked_at = Some(now);
    domain.updated_at = now;
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::domains::domain_records::{RecordInputs, records};

    fn domain() -> SendingDomain {
        let name: actionlayer_domain::DomainName = "ai.example.test".parse().unwrap();
        let at = Timestamp::from_unix_ms(1_000);
        let workspace_id = WorkspaceId::from_bytes([1; 16]);
        let inputs = RecordInputs {
            domain: &name,
            workspace_id,
            ownership_token: "t",
            dkim_selector: "s",
            dkim_public_key: "QUJD",
            region: "us-east-1",
        };
        let records = records(inputs);
        SendingDomain {
            id: DomainId::from_bytes([2; 16]),
            workspace_id,
            domain: name,
            status: DomainStatus::Pending,
            dkim_selector: "s".to_owned(),
            records,
            suggestion: None,
            created_at: at,
            updated_at: at,
            last_checked_at: None,
            verified_at: None,
        }
    }

    fn all_found(domain: &SendingDomain) -> Vec<Found> {
        let text = |r: &DnsRecord| r.priority.map_or_else(|| r.value.clone(), |p| mx_text(p, &r.value));
        domain.records.iter().map(|record| Some(vec![text(record)])).collect()
    }

    #[test]
    fn verified_takes_all_five_records_and_ses() {
        let (mut pending, at) = (domain(), Timestamp::from_unix_ms(2_000));
        let found = all_found(&pending);
        for i in 0..5 {
            for absent in [Some(Vec::new()), None] {
                let mut found = found.clone();
                found[i] = absent;
                let mut domain = pending.clone();
                apply(&mut domain, found, Some(true), at);
                assert_eq!(domain.status, DomainStatus::Pending);
                assert_eq!(domain.missing_records().count(), 1);
            }
        }
        for ses in [Some(false), None] {
            let mut domain = pending.clone();
            apply(&mut domain, found.clone(), ses, at);
            assert_eq!(domain.status, DomainStatus::Pending);
        }
        apply(&mut pending, found, Some(true), at);
        assert_eq!((pending.status, pending.verified_at), (DomainStatus::Verified, Some(at)));
    }

    #[test]
    fn a_verified_domain_fails_by_what_is_gone_and_recovers() {
        let mut domain = domain();
        let found = all_found(&domain);
        let at = Timestamp::from_unix_ms(2_000);
        apply(&mut domain, found.clone(), Some(true), at);
        apply(&mut domain, vec![None; 5], None, at);
        assert_eq!(domain.status, DomainStatus::Verified, "no answer is no news");
        let mut without_mx = found.clone();
        without_mx[4] = Some(Vec::new());
        apply(&mut domain, without_mx, Some(true), at);
        assert_eq!(domain.status, DomainStatus::Failed);
        apply(&mut domain, found, Some(true), at);
        assert_eq!(domain.status, DomainStatus::Verified);
    }

    #[test]
    fn a_claim_nobody_proves_fails_after_seven_days() {
        let mut domain = domain();
        let late = domain.created_at.after(CLAIM_LIFETIME);
        apply(&mut domain, vec![Some(Vec::new()); 5], Some(false), late);
        assert_eq!(domain.status, DomainStatus::Failed);
    }
}
