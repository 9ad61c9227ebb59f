//! SES v2 as the unmodified SDK speaks it: REST with JSON bodies.
//!
//! An answer of 200 to `SendEmail` means that the mail, its deliveries and its events are on disk together. Operations
//! this engine lacks are answered 501 with their name, never 200. Signatures are not checked.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, OriginalUri, Path, State as Shared};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use bytes::Bytes;
use http::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::clock::LocalClock;
use crate::faults::{Faults, Service};
use crate::outbox::Outbox;
use crate::state::{State, StateError};

mod account;
mod error;
pub(crate) mod events;
pub(crate) mod headers;
pub(crate) mod identities;
mod mime;
mod send;
#[cfg(test)]
mod tests;
pub(crate) mod timestamps;
#[cfg(test)]
pub(crate) mod world;

pub use error::SesError;
pub use events::{Events, FeedbackSink};
pub use identities::Identities;

/// 40 MB of message as base64 in JSON, and room for the rest of the request.
const MAX_BODY_BYTES: usize = 60 * 1024 * 1024;

/// What this SES says about itself.
#[derive(Clone, Debug)]
pub struct SesSettings {
    /// Region in messages and ARNs.
    pub region: String,
    /// Account in ARNs and events.
    pub account_id: String,
    /// The configuration sets that exist; each publishes its events to the feedback sink.
    pub configuration_sets: Vec<String>,
}

/// The sending side of SES.
pub struct Ses {
    state: State,
    clock: Arc<LocalClock>,
    faults: Arc<Faults>,
    identities: Identities,
    account: account::Account,
    outbox: Arc<Outbox>,
    events: Arc<Events>,
    settings: SesSettings,
}

impl Ses {
    /// Opens the SES kept in `state`.
    pub fn open(
        state: State,
        clock: Arc<LocalClock>,
        faults: Arc<Faults>,
        identities: Identities,
        outbox: Arc<Outbox>,
        events: Arc<Events>,
        settings: SesSettings,
    ) -> Result<Arc<Self>, StateError> {
        let account = account::Account::open(state.clone())?;
        Ok(Arc::new(Self { state, clock, faults, identities, account, outbox, events, settings }))
    }
}

/// The SES v2 endpoint.
pub fn router(ses: Arc<Ses>) -> Router {
    Router::new()
        .route("/v2/email/outbound-emails", post(send_email))
        .route("/v2/email/identities", post(create_identity).get(list_identities))
        .route("/v2/email/identities/{name}", get(get_identity).delete(delete_identity))
        .route("/v2/email/list-identities", post(list_identities))
        .route("/v2/email/identities/{name}/dkim/signing", put(put_dkim_signing))
        .route("/v2/email/account", get(get_account))
        .route("/v2/email/account/sending", put(put_account_sending))
        .route("/v2/email/suppression/addresses", put(put_suppressed).get(list_suppressed))
        .route("/v2/email/suppression/addresses/{address}", get(get_suppressed).delete(delete_suppressed))
        .fallback(lacking)
        .method_not_allowed_fallback(lacking)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(ses)
}

type Answer = Result<Value, SesError>;

/// Carries an operation out, or fails it as ordered.
async fn answer(ses: &Ses, operation: &str, effect: impl Future<Output = Answer>) -> Response {
    let throttled = || SesError::TooManyRequests.into_response();
    let effect = async {
        match effect.await {
            Ok(value) => Json(value).into_response(),
            Err(error) => error.into_response(),
        }
    };
    ses.faults.strike(Service::Ses, operation, throttled, effect).await
}

fn body<T: DeserializeOwned>(bytes: &Bytes) -> Result<T, SesError> {
    serde_json::from_slice(bytes).map_err(|error| SesError::BadRequest(error.to_string()))
}

async fn send_email(Shared(ses): Shared<Arc<Ses>>, bytes: Bytes) -> Response {
    answer(&ses, "SendEmail", async { ses.send(body(&bytes)?).await }).await
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateIdentity {
    email_identity: String,
    dkim_signing_attributes: Option<identities::DkimSigningAttributes>,
    #[serde(default)]
    tags: Vec<identities::Tag>,
}

async fn create_identity(Shared(ses): Shared<Arc<Ses>>, bytes: Bytes) -> Response {
    let effect = async {
        let request: CreateIdentity = body(&bytes)?;
        ses.identities.create(&request.email_identity, request.dkim_signing_attributes, request.tags).await
    };
    answer(&ses, "CreateEmailIdentity", effect).await
}

async fn get_identity(Shared(ses): Shared<Arc<Ses>>, Path(name): Path<String>) -> Response {
    answer(&ses, "GetEmailIdentity", ses.identities.get(&name)).await
}

async fn delete_identity(Shared(ses): Shared<Arc<Ses>>, Path(name): Path<String>) -> Response {
    answer(&ses, "DeleteEmailIdentity", ses.identities.delete(&name)).await
}

async fn list_identities(Shared(ses): Shared<Arc<Ses>>) -> Response {
    answer(&ses, "ListEmailIdentities", ses.identities.list()).await
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutSigning {
    signing_attributes_origin: String,
    signing_attributes: Option<identities::DkimSigningAttributes>,
}

async fn put_dkim_signing(Shared(ses): Shared<Arc<Ses>>, Path(name): Path<String>, bytes: Bytes) -> Response {
    let effect = async {
        let request: PutSigning = body(&bytes)?;
        ses.identities.put_signing(&name, &request.signing_attributes_origin, request.signing_attributes).await
    };
    answer(&ses, "PutEmailIdentityDkimSigningAttributes", effect).await
}

async fn get_account(Shared(ses): Shared<Arc<Ses>>) -> Response {
    answer(&ses, "GetAccount", ses.account.get(ses.clock.now_ms())).await
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[derive(Default)]
struct PutSending {
    sending_enabled: bool,
}

async fn put_account_sending(Shared(ses): Shared<Arc<Ses>>, bytes: Bytes) -> Response {
    let effect = async { ses.account.put_sending(body::<PutSending>(&bytes)?.sending_enabled).await };
    answer(&ses, "PutAccountSendingAttributes", effect).await
}

async fn put_suppressed(Shared(ses): Shared<Arc<Ses>>, bytes: Bytes) -> Response {
    let effect = async { ses.account.suppress(body(&bytes)?, ses.clock.now_ms()).await };
    answer(&ses, "PutSuppressedDestination", effect).await
}

async fn get_suppressed(Shared(ses): Shared<Arc<Ses>>, Path(address): Path<String>) -> Response {
    answer(&ses, "GetSuppressedDestination", ses.account.suppressed(&address)).await
}

async fn list_suppressed(Shared(ses): Shared<Arc<Ses>>) -> Response {
    answer(&ses, "ListSuppressedDestinations", ses.account.list_suppressed()).await
}

async fn delete_suppressed(Shared(ses): Shared<Arc<Ses>>, Path(address): Path<String>) -> Response {
    answer(&ses, "DeleteSuppressedDestination", ses.account.unsuppress(&address)).await
}

async fn lacking(method: Method, OriginalUri(uri): OriginalUri) -> Response {
    SesError::NotImplemented(format!("{method} {}", uri.path())).into_response()
}

/// Random octets from the system.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).expect("the system's random source answers");
    bytes
}

fn random_uuid() -> uuid::Uuid {
    uuid::Builder::from_random_bytes(random()).into_uuid()
}

/// A UUIDv7 of that moment.
fn time_ordered_id(now_ms: i64) -> String {
    let unix_ms = u64::try_from(now_ms).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(unix_ms, &random()).into_uuid().to_string()
}

/// The id of a bounce or complaint report.
fn feedback_id(at_ms: i64) -> String {
    format!("0100{at_ms:012x}-{}-000000", random_uuid())
}
