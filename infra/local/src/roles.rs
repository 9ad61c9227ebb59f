//! IAM: what the role of a function lets it do, by the statements of `template.yaml`.
//!
//! **Job.** Every request that a function's clients make is held against its role before a server gets it, and refused as
//! AWS would refuse it. So a function that needs more than its role gives fails on one machine, in a test, and not in
//! somebody's deployment; and what a role must not reach is shown by asking for it.
//!
//! **Invariants.** What no statement allows is refused; what one denies is refused whatever others say. A statement this
//! reader does not know is an error, never a permission.
//!
//! **Must never know.** Who somebody is beside the function: signatures are not verified, and resource policies, boundaries
//! and sessions are not played. The tags of SES's domains are not known here, so that a condition on them holds; the code
//! checks them itself.

mod policy;
mod request;
#[cfg(test)]
mod tests;

use axum::body::Body;
use http::{Response, StatusCode, header::CONTENT_TYPE, request::Parts};
use serde_json::json;

pub(crate) use self::policy::Role;
use self::request::Protocol;
pub use self::{
    policy::{Condition, Operator, Statement},
    request::Asked,
};

/// What a request asks for; several things, where it is a batch or a transaction.
pub(crate) fn asked(parts: &Parts, body: &[u8]) -> Vec<Asked> {
    request::asked(parts, body).1
}

impl Role {
    /// The answer to a request that this role does not let its function make; none where it does.
    pub(crate) fn refusal(&self, parts: &Parts, body: &[u8]) -> Option<Response<Body>> {
        let (protocol, asked) = request::asked(parts, body);
        let refused = asked.iter().find(|asked| !self.allows(asked))?;
        tracing::error!(role = self.name(), action = refused.action, resource = refused.resource, "not authorized");
        Some(access_denied(protocol, self.name(), refused))
    }
}

fn access_denied(protocol: Protocol, role: &str, refused: &Asked) -> Response<Body> {
    let message = format!("{role} is not authorized to perform: {} on resource: {}", refused.action, refused.resource);
    let (status, kind, body) = match protocol {
        Protocol::Json { error } => (
            StatusCode::BAD_REQUEST,
            "application/x-amz-json-1.0",
            json!({"__type": error, "message": message}).to_string(),
        ),
        Protocol::RestJson => {
            let body = json!({"__type": "AccessDeniedException", "message": message}).to_string();
            (StatusCode::FORBIDDEN, "application/json", body)
        }
        // The message has nothing that XML would want escaped: resources are keys of ours.
        Protocol::Xml => {
            let body = format!("<Error><Code>AccessDenied</Code><Message>{message}</Message></Error>");
            (StatusCode::FORBIDDEN, "application/xml", body)
        }
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, http::HeaderValue::from_static(kind));
    response
}
