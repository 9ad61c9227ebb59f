//! `POST /v1/domains`: claims a name and says which five records prove it.

use actionlayer_domain::{
    DomainId, DomainName, Secret, SecretPlace, SendingDomain, Timestamp,
    key::Permission,
    sending_domain::{CLAIM_LIFETIME, DomainStatus},
};
use actionlayer_store::{DomainClaim, DomainKeys, Row, SecretRecord, Transaction, keys};
use aws_lc_rs::{
    encoding::AsDer as _,
    rsa::{KeyPair, KeySize},
    signature::KeyPair as _,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::{
    App, Caller, ServiceError,
    billing::plan::{Limited, Room},
    contention::until_settled,
    domains::{
        domain_records::{RecordInputs, is_public_suffix, records},
        verify_domain::{apply, look_up},
    },
    permission::Require as _,
    secrets,
};

/// Claims a domain for the caller's workspace: makes its DKIM key and looks at what its DNS has today. SES hears of it when
/// the ownership record was seen, since others may have the name there. A name another workspace claimed is refused, until that claim lapses unproven.
pub async fn create_domain(app: &App, caller: &Caller, name: DomainName) -> Result<SendingDomain, ServiceError> {
    caller.require(Permission::Administer)?;
    // `_novacore.` and the selector stand in front of it, and a DNS name ends at 253 bytes.
    if name.as_str().len() > 200 {
        return Err(ServiceError::invalid("domain", "must be at most 200 bytes long"));
    }
    if is_public_suffix(&name) {
        return Err(ServiceError::invalid(
            "domain",
            "is a name under which the public registers names; give one of your own",
        ));
    }
    if let Some(claim) = app.store.get::<DomainClaim>(&keys::domain_claim(&name)).await? {
        refuse_unless_lapsed(app, caller, &claim).await?;
    }
    let (public_key, private_key) = dkim_key_pair().await?;
    let now = app.now();
    let mut domain = describe(app, caller, name, &public_key, now);
    let found = look_up(app, &domain).await;
    apply(&mut domain, found, None, now);
    // The look just now was for the suggestion and the SPF record; the next one is due as if nobody had looked.
    domain.last_checked_at = None;
    let keys = DomainKeys { domain_id: domain.id, workspace_id: caller.workspace_id, private_key_base64: private_key };
    until_settled(app, || claim_once(app, caller, &domain, &keys)).await?;
    Ok(domain)
}

fn describe(app: &App, caller: &Caller, name: DomainName, public_key: &str, now: Timestamp) -> SendingDomain {
    let token = || format!("{:016x}", app.entropy().next_u64());
    // A selector of its own per claim: the key of an earlier one may still be published.
    let dkim_selector = format!("al{}", &token()[..10]);
    let ownership_token = format!("{}{}", token(), token());
    let records = records(RecordInputs {
        domain: &name,
        workspace_id: caller.workspace_id,
        ownership_token: &ownership_token,
        dkim_selector: &dkim_selector,
        dkim_public_key: public_key,
        region: &app.settings.region,
    });
    SendingDomain {
        id: DomainId::generate(now, app.entropy()),
        workspace_id: caller.workspace_id,
        domain: name,
        status: DomainStatus::Pending,
        dkim_selector,
        records,
        suggestion: None,
        created_at: now,
        updated_at: now,
        last_checked_at: None,
        verified_at: None,
    }
}

/// An RSA key of 2,048 bits, the largest SES takes: the public one as DKIM publishes it (`SubjectPublicKeyInfo` in DER,
/// base64), the private one as SES takes it (PKCS#8 in DER, base64).
async fn dkim_key_pair() -> Result<(String, Secret<String>), ServiceError> {
    let failed = |_| ServiceError::Upstream { service: "rsa", code: "no_key".to_owned() };
    // Finding the primes takes long enough to hold up other requests.
    let made = tokio::task::spawn_blocking(|| {
        let pair = KeyPair::generate(KeySize::Rsa2048)?;
        let public = pair.public_key().as_der()?;
        let private = pair.as_der()?;
        Ok((STANDARD.encode(public.as_ref()), Secret::new(STANDARD.encode(private.as_ref()))))
    });
    let made: Result<_, aws_lc_rs::error::Unspecified> = made.await.unwrap_or(Err(aws_lc_rs::error::Unspecified));
    made.map_err(failed)
}

async fn claim_once(
    app: &App,
    caller: &Caller,
    domain: &SendingDomain,
    domain_keys: &DomainKeys,
) -> Result<(), ServiceError> {
    let new_claim = DomainClaim {
        domain: domain.domain.clone(),
        workspace_id: caller.workspace_id,
        domain_id: domain.id,
        claimed_at: domain.created_at,
    };
    let mut transaction = Transaction::new();
    let room = Room::look(app, caller.workspace_id, Limited::Domains).await?;
    match app.store.get::<DomainClaim>(&keys::domain_claim(&domain.domain)).await? {
        // An earlier try of ours whose answer was lost.
        Some(claim) if claim.value.domain_id == domain.id => return Ok(()),
        Some(claim) => {
            let lapsed = refuse_unless_lapsed(app, caller, &claim).await?;
            transaction.replace(&claim, &new_claim)?;
            if let Some(lapsed) = lapsed {
                forget_keys(app, &mut transaction, &lapsed.value).await?;
                transaction.delete(&lapsed);
            }
        }
        None => {
            transaction.create(&new_claim)?;
        }
    }
    room.take(app, app.store.domains(caller.workspace_id).await?.len(), &mut transaction)?;
    transaction.create(domain)?;
    let place = SecretPlace::Dkim { workspace_id: domain_keys.workspace_id, domain_id: domain_keys.domain_id };
    transaction.create(&secrets::seal(app, place, domain_keys).await?)?;
    Ok(app.store.commit(transaction).await?)
}

/// Forgets the keys of a domain that is given up.
pub(crate) async fn forget_keys(
    app: &App,
    transaction: &mut Transaction,
    domain: &SendingDomain,
) -> Result<(), ServiceError> {
    let place = SecretPlace::Dkim { workspace_id: domain.workspace_id, domain_id: domain.id };
    let (sealed, former) = (keys::secret(&place), keys::domain_keys(domain.workspace_id, domain.id));
    let (sealed, clear) =
        tokio::try_join!(app.store.get::<SecretRecord>(&sealed), app.store.get::<DomainKeys>(&former))?;
    if let Some(sealed) = sealed {
        transaction.delete(&sealed);
    }
    if let Some(clear) = clear {
        transaction.delete(&clear);
    }
    Ok(())
}

/// Refuses a name that is claimed, unless the claim was never proven and its time is over: then returns the domain that
/// gives way, if it is still there.
async fn refuse_unless_lapsed(
    app: &App,
    caller: &Caller,
    claim: &Row<DomainClaim>,
) -> Result<Option<Row<SendingDomain>>, ServiceError> {
    let DomainClaim { workspace_id, domain_id, claimed_at, .. } = &claim.value;
    if *workspace_id == caller.workspace_id {
        return Err(ServiceError::Conflict("this workspace has the domain already; see GET /v1/domains"));
    }
    let domain = app.store.get::<SendingDomain>(&keys::domain(*workspace_id, *domain_id)).await?;
    let proven = domain.as_ref().is_some_and(|row| row.value.verified_at.is_some());
    if proven || app.now().since(*claimed_at) < CLAIM_LIFETIME {
        return Err(ServiceError::Conflict("another workspace has claimed this domain"));
    }
    Ok(domain)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn the_dkim_key_is_rsa_2048_in_the_forms_dns_and_ses_want() {
        let (public, private) = dkim_key_pair().await.unwrap();
        let pair = KeyPair::from_pkcs8(&STANDARD.decode(private.expose()).unwrap()).unwrap();
        assert_eq!(pair.public_modulus_len() * 8, 2048);
        assert_eq!(STANDARD.encode(pair.public_key().as_der().unwrap().as_ref()), public);
    }
}
