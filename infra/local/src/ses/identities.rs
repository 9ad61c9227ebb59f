//! The domains and addresses mail may be sent from, and received at.
//!
//! A domain is verified while its zone, as our DNS server answers it, publishes the public half of the DKIM key the
//! identity was given (BYODKIM): `<selector>._domainkey.<domain> TXT … p=…`. SES looks every few hours and forgives an
//! absence for days; here each request looks for itself.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use rusqlite::{OptionalExtension, Row, Transaction, params};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::error::SesError;
use super::headers::{bare_address, domain_of};
use crate::dns::{RecordKind, Zones};
use crate::state::{State, StateError};

/// The identities of the account. Cheap to clone: every clone sees the same state.
#[derive(Clone)]
pub struct Identities {
    state: State,
    zones: Zones,
}

/// `DkimSigningAttributes` of a request.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DkimSigningAttributes {
    domain_signing_selector: Option<String>,
    domain_signing_private_key: Option<String>,
}

/// How an identity's mail is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Signing {
    /// With the owner's key (BYODKIM).
    External { selector: String, public_key: String },
    /// With SES's own keys (Easy DKIM), published as three CNAMEs.
    AwsSes { tokens: String },
}

struct Identity {
    name: String,
    signing: Signing,
    tags: Vec<Tag>,
}

/// A tag of a resource.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Tag {
    key: String,
    value: String,
}

impl Identity {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let selector: Option<String> = row.get("selector")?;
        let public_key: Option<String> = row.get("public_key")?;
        let signing = match selector.zip(public_key) {
            Some((selector, public_key)) => Signing::External { selector, public_key },
            None => Signing::AwsSes { tokens: row.get("tokens")? },
        };
        let tags: Option<String> = row.get("tags")?;
        let tags = tags.and_then(|tags| serde_json::from_str(&tags).ok()).unwrap_or_default();
        Ok(Self { name: row.get("name")?, signing, tags })
    }
}

impl Identities {
    /// Opens the identities kept in `state`; `zones` is the DNS that verifies them.
    pub fn open(state: State, zones: Zones) -> Result<Self, StateError> {
        state.define(
            "CREATE TABLE IF NOT EXISTS ses_identity (
                 name TEXT PRIMARY KEY, selector TEXT, public_key TEXT, tokens TEXT NOT NULL, tags TEXT)",
        )?;
        Ok(Self { state, zones })
    }

    /// Whether mail to `domain` is received: it is a verified identity itself.
    pub async fn receives(&self, domain: &str) -> Result<bool, StateError> {
        match self.find(domain).await? {
            Some(identity) => self.is_verified(&identity).await,
            None => Ok(false),
        }
    }

    /// Whether mail may be sent from the bare `address`: it or its domain, or a domain above, is verified.
    pub async fn may_send(&self, address: &str) -> Result<bool, StateError> {
        let domain = domain_of(address);
        let mut candidate = Some(domain.as_str());
        while let Some(name) = candidate {
            if self.receives(name).await? {
                return Ok(true);
            }
            candidate = name.split_once('.').map(|(_, parent)| parent);
        }
        Ok(false)
    }

    /// `CreateEmailIdentity`.
    pub(super) async fn create(
        &self,
        name: &str,
        dkim: Option<DkimSigningAttributes>,
        tags: Vec<Tag>,
    ) -> Result<Value, SesError> {
        let name = valid_name(name)?;
        let external = dkim.map(external_signing).transpose()?.flatten();
        let identity = Identity { signing: external.unwrap_or_else(easy_signing), name, tags };
        let identity = self
            .state
            .call(move |tx| {
                if stored(tx, &identity.name)?.is_some() {
                    return Err(SesError::AlreadyExists(format!("Email identity {} already exist.", identity.name)));
                }
                store(tx, &identity)?;
                Ok(identity)
            })
            .await?;
        let verified = self.is_verified(&identity).await?;
        Ok(json!({
            "IdentityType": identity_type(&identity.name),
            "VerifiedForSendingStatus": verified,
            "DkimAttributes": dkim_attributes(&identity, verified),
        }))
    }

    /// `GetEmailIdentity`.
    pub(super) async fn get(&self, name: &str) -> Result<Value, SesError> {
        let identity = self.find(name).await?.ok_or_else(|| unknown(name))?;
        let verified = self.is_verified(&identity).await?;
        Ok(json!({
            "IdentityType": identity_type(&identity.name),
            "FeedbackForwardingStatus": true,
            "VerifiedForSendingStatus": verified,
            "VerificationStatus": status(verified),
            "DkimAttributes": dkim_attributes(&identity, verified),
            "MailFromAttributes": {"BehaviorOnMxFailure": "USE_DEFAULT_VALUE"},
            "Policies": {},
            "Tags": identity.tags,
        }))
    }

    /// `ListEmailIdentities`: all of them, on one page.
    pub(super) async fn list(&self) -> Result<Value, SesError> {
        let identities: Vec<Identity> = self
            .state
            .call(|tx| {
                let mut statement = tx.prepare_cached("SELECT * FROM ses_identity ORDER BY name")?;
                let rows = statement.query_map([], Identity::from_row)?;
                Ok::<_, SesError>(rows.collect::<Result<_, _>>()?)
            })
            .await?;
        let mut listed = Vec::with_capacity(identities.len());
        for identity in &identities {
            let verified = self.is_verified(identity).await?;
            listed.push(json!({
                "IdentityType": identity_type(&identity.name),
                "IdentityName": identity.name,
                "SendingEnabled": verified,
                "VerificationStatus": status(verified),
            }));
        }
        Ok(json!({"EmailIdentities": listed}))
    }

    /// `DeleteEmailIdentity`.
    pub(super) async fn delete(&self, name: &str) -> Result<Value, SesError> {
        let name = name.to_ascii_lowercase();
        self.state
            .call(move |tx| match tx.execute("DELETE FROM ses_identity WHERE name = ?1", params![name])? {
                0 => Err(unknown(&name)),
                _ => Ok(json!({})),
            })
            .await
    }

    /// `PutEmailIdentityDkimSigningAttributes`.
    pub(super) async fn put_signing(
        &self,
        name: &str,
        origin: &str,
        dkim: Option<DkimSigningAttributes>,
    ) -> Result<Value, SesError> {
        let external = dkim.map(external_signing).transpose()?.flatten();
        let signing = match (origin, external) {
            ("EXTERNAL", Some(external)) => external,
            ("AWS_SES", None) => easy_signing(),
            _ => return Err(SesError::BadRequest(format!("SigningAttributes do not fit the origin <{origin}>."))),
        };
        let wanted = name.to_ascii_lowercase();
        let identity = self
            .state
            .call(move |tx| {
                let known = stored(tx, &wanted)?.ok_or_else(|| unknown(&wanted))?;
                let identity = Identity { name: wanted, signing, tags: known.tags };
                store(tx, &identity)?;
                Ok::<_, SesError>(identity)
            })
            .await?;
        let verified = self.is_verified(&identity).await?;
        Ok(json!({"DkimStatus": status(verified), "DkimTokens": tokens(&identity.signing)}))
    }

    async fn find(&self, name: &str) -> Result<Option<Identity>, StateError> {
        let name = name.to_ascii_lowercase();
        self.state.call(move |tx| Ok(stored(tx, &name)?)).await
    }

    async fn is_verified(&self, identity: &Identity) -> Result<bool, StateError> {
        let Signing::External { selector, public_key } = &identity.signing else { return Ok(false) };
        let name = format!("{selector}._domainkey.{}", identity.name);
        let published = self.zones.lookup(&name, RecordKind::Txt).await?;
        Ok(published.iter().any(|record| dkim_public_key(&record.value).as_deref() == Some(public_key)))
    }
}

fn stored(tx: &Transaction<'_>, name: &str) -> rusqlite::Result<Option<Identity>> {
    tx.prepare_cached("SELECT * FROM ses_identity WHERE name = ?1")?
        .query_row(params![name], Identity::from_row)
        .optional()
}

fn store(tx: &Transaction<'_>, identity: &Identity) -> rusqlite::Result<()> {
    let (selector, public_key, tokens) = match &identity.signing {
        Signing::External { selector, public_key } => (Some(selector), Some(public_key), ""),
        Signing::AwsSes { tokens } => (None, None, tokens.as_str()),
    };
    tx.execute(
        "INSERT INTO ses_identity (name, selector, public_key, tokens, tags) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (name) DO UPDATE SET selector = ?2, public_key = ?3, tokens = ?4, tags = ?5",
        params![identity.name, selector, public_key, tokens, json!(identity.tags).to_string()],
    )?;
    Ok(())
}

fn unknown(name: &str) -> SesError {
    SesError::NotFound(format!("Email identity {name} does not exist."))
}

fn identity_type(name: &str) -> &'static str {
    if name.contains('@') { "EMAIL_ADDRESS" } else { "DOMAIN" }
}

fn status(verified: bool) -> &'static str {
    if verified { "SUCCESS" } else { "PENDING" }
}

fn tokens(signing: &Signing) -> Vec<&str> {
    match signing {
        // For BYODKIM SES gives the selector here.
        Signing::External { selector, .. } => vec![selector],
        Signing::AwsSes { tokens } => tokens.split(' ').filter(|token| !token.is_empty()).collect(),
    }
}

fn dkim_attributes(identity: &Identity, verified: bool) -> Value {
    let origin = match identity.signing {
        Signing::External { .. } => "EXTERNAL",
        Signing::AwsSes { .. } => "AWS_SES",
    };
    json!({
        "SigningEnabled": true,
        "Status": status(verified),
        "Tokens": tokens(&identity.signing),
        "SigningAttributesOrigin": origin,
    })
}

fn valid_name(name: &str) -> Result<String, SesError> {
    let name = name.to_ascii_lowercase();
    let domain = if name.contains('@') { bare_address(&name).map(domain_of) } else { Some(name.clone()) };
    let is_label = |label: &str| {
        (1..=63).contains(&label.len()) && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    match domain {
        Some(domain) if domain.len() <= 253 && domain.contains('.') && domain.split('.').all(is_label) => Ok(name),
        _ => Err(SesError::BadRequest(format!("Invalid email identity {name}."))),
    }
}

/// Reads BYODKIM attributes; `None` when they ask for nothing of the owner's.
fn external_signing(dkim: DkimSigningAttributes) -> Result<Option<Signing>, SesError> {
    let (selector, key) = match (dkim.domain_signing_selector, dkim.domain_signing_private_key) {
        (None, None) => return Ok(None),
        (Some(selector), Some(key)) => (selector, key),
        _ => {
            let both = "DomainSigningSelector and DomainSigningPrivateKey must be given together.";
            return Err(SesError::BadRequest(both.to_owned()));
        }
    };
    let is_selector =
        (1..=63).contains(&selector.len()) && selector.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let public_key = public_half(&key);
    match public_key {
        Some(public_key) if is_selector => Ok(Some(Signing::External { selector, public_key })),
        Some(_) => Err(SesError::BadRequest("Invalid domain signing selector.".to_owned())),
        None => Err(SesError::BadRequest("Invalid domain signing private key.".to_owned())),
    }
}

fn easy_signing() -> Signing {
    let tokens: Vec<String> = (0..3).map(|_| hex::encode(super::random::<16>())).collect();
    Signing::AwsSes { tokens: tokens.join(" ") }
}

/// The public key (base64 of its `SubjectPublicKeyInfo`) of a private RSA key given as base64 of PKCS #8 or PKCS #1 DER.
fn public_half(private_key: &str) -> Option<String> {
    let der = BASE64.decode(without_whitespace(private_key)).ok()?;
    let pair = KeyPair::from_pkcs8(&der).or_else(|_| KeyPair::from_der(&der)).ok()?;
    Some(BASE64.encode(pair.public_key().as_der().ok()?.as_ref()))
}

/// The `p=` tag of a DKIM key record (RFC 6376 §3.6.1).
fn dkim_public_key(record: &str) -> Option<String> {
    let tags = record.split(';').filter_map(|tag| tag.split_once('='));
    let (_, key) = tags.into_iter().find(|(name, _)| name.trim() == "p")?;
    Some(without_whitespace(key))
}

fn without_whitespace(text: &str) -> String {
    text.chars().filter(|character| !character.is_whitespace()).collect()
}
