//! HTTP to addresses that strangers chose: webhooks.
//!
//! A request leaves only for where it may go. Its URL is read again for every try; a name is resolved for every try, what
//! the resolver gave is filtered, and exactly what is left is dialled: there is no second question whose answer could
//! differ. Addresses in the URL itself pass the same filter. There is no proxy, no redirect is followed, no connection is
//! used twice, and of an answer no more than 16 kB is read, whatever its headers say.

mod refusal;
mod resolve;

use std::{
    net::IpAddr,
    sync::{Arc, OnceLock},
};

use actionlayer_domain::{
    WebhookUrl,
    public_address::is_public,
    webhook::{ATTEMPT_TIMEOUT, Answer, AttemptError, InvalidWebhookUrl, MAX_ANSWER_BYTES, Reach},
};
use reqwest::{
    Client,
    header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER},
    redirect::Policy,
};
use url::Host;

use crate::dns::Dns;
use resolve::GuardedResolver;

/// What receivers see as `User-Agent`.
const USER_AGENT: &str = "ActionLayer-Webhooks/1.0";
/// The header of an answer that ends a delivery (Standard Webhooks, "Special headers"),
const DELIVERY_HEADER: &str = "webhook-delivery";
/// and its value.
const ABORT: &str = "abort-message";

/// Which addresses may be dialled.
pub type AddressFilter = Arc<dyn Fn(&IpAddr) -> bool + Send + Sync>;

/// An HTTP client for URLs of strangers.
#[derive(Clone)]
pub struct GuardedClient {
    /// Made when the first request is: it reads the system's root certificates, which most functions never need.
    client: Arc<OnceLock<Client>>,
    dns: Dns,
    reach: Reach,
    allows: AddressFilter,
}

impl std::fmt::Debug for GuardedClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GuardedClient").field("reach", &self.reach).finish_non_exhaustive()
    }
}

impl GuardedClient {
    /// A client that reaches what `reach` says: public addresses only, or also this machine and its network.
    pub fn new(dns: Dns, reach: Reach) -> Self {
        let allows: AddressFilter = match reach {
            Reach::Public => Arc::new(is_public),
            Reach::Anywhere => Arc::new(|_: &IpAddr| true),
        };
        Self::filtered(dns, reach, allows)
    }

    /// A client that dials what a filter allows; URLs are checked by `reach` all the same.
    pub fn filtered(dns: Dns, reach: Reach, allows: AddressFilter) -> Self {
        Self { client: Arc::default(), dns, reach, allows }
    }

    fn client(&self) -> Result<&Client, reqwest::Error> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let system_too = self.reach == Reach::Anywhere;
        let resolver = GuardedResolver { dns: self.dns.clone(), system_too, allows: Arc::clone(&self.allows) };
        let client = Client::builder()
            .dns_resolver(Arc::new(resolver))
            .redirect(Policy::none())
            .no_proxy()
            .referer(false)
            .http1_only()
            .pool_max_idle_per_host(0)
            .retry(reqwest::retry::never())
            .timeout(ATTEMPT_TIMEOUT)
            .user_agent(USER_AGENT)
            .build()?;
        Ok(self.client.get_or_init(|| client))
    }

    /// Posts JSON, once. The error says what kept an answer from coming; any answer, whatever its status, is `Ok`.
    pub async fn post_json(
        &self,
        url: &WebhookUrl,
        headers: &[(&'static str, String)],
        body: Vec<u8>,
    ) -> Result<Answer, AttemptError> {
        self.check(url.as_str())?;
        let mut map = HeaderMap::with_capacity(headers.len() + 1);
        map.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).map_err(|_| AttemptError::BlockedUrl)?;
            map.insert(HeaderName::from_static(name), value);
        }
        let client = self.client().map_err(|error| refusal::of(&error))?;
        let request = client.post(url.as_str()).headers(map).body(body);
        let mut response = request.send().await.map_err(|error| refusal::of(&error))?;
        let text = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let abort = text(DELIVERY_HEADER).is_some_and(|value| value.trim().eq_ignore_ascii_case(ABORT));
        let mut answer = Answer {
            status: response.status().as_u16(),
            retry_after: text(RETRY_AFTER.as_str()),
            abort,
            body: Vec::new(),
        };
        while answer.body.len() < MAX_ANSWER_BYTES {
            let Some(chunk) = response.chunk().await.map_err(|error| refusal::of(&error))? else { break };
            let room = MAX_ANSWER_BYTES - answer.body.len();
            answer.body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
        }
        Ok(answer)
    }

    /// Reads the URL again, as it will be asked for: what may be a webhook may have changed since it was saved. An
    /// address in it never reaches the resolver, so it is filtered here.
    fn check(&self, url: &str) -> Result<(), AttemptError> {
        match WebhookUrl::parse(url, self.reach) {
            Ok(_) => {}
            Err(InvalidWebhookUrl::NotPublic) => return Err(AttemptError::BlockedAddress),
            Err(_) => return Err(AttemptError::BlockedUrl),
        }
        let url = url::Url::parse(url).map_err(|_| AttemptError::BlockedUrl)?;
        let literal = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            Some(Host::Domain(_)) => None,
            None => return Err(AttemptError::BlockedUrl),
        };
        match literal {
            Some(address) if !(self.allows)(&address) => Err(AttemptError::BlockedAddress),
            _ => Ok(()),
        }
    }
}
