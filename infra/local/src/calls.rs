//! What each function asks of AWS's services, written down as what its role must allow: one line of JSON for each action on each
//! resource, once. Of requests that a function signed, the signed links it gave away among them: who signed is its name.
//!
//! `tests/src/bin/roles.rs` holds what the tests wrote down against the roles of the template.

mod actions;

use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse as _, Response},
};
use http::StatusCode;
use http_body_util::BodyExt as _;
use serde::{Deserialize, Serialize};

pub(crate) use self::actions::Names;
use self::actions::{actions, signer};
use crate::roles::Asked;

/// One action on one resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Call {
    /// The function's name: `send`.
    pub function: String,
    /// As policies name it: `dynamodb:GetItem`.
    pub action: String,
    /// As the template names it: `MailTable`, `MailTable/index/list`, `MailBucket/bodies/…`, `SendQueue`; of SES the ARN.
    pub resource: String,
    /// The values of condition keys, by their names: `dynamodb:LeadingKeys`, `s3:prefix`.
    #[serde(default)]
    pub context: std::collections::BTreeMap<String, Vec<String>>,
}

impl From<&Call> for Asked {
    fn from(call: &Call) -> Self {
        let values = |(key, values): (&String, &Vec<String>)| {
            values.iter().map(|value| (key.clone(), value.clone())).collect::<Vec<_>>()
        };
        let context = call.context.iter().flat_map(values).collect();
        Self { action: call.action.clone(), resource: call.resource.clone(), context }
    }
}

/// The file of an engine's calls, and what is in it.
#[derive(Debug)]
pub(crate) struct Calls {
    names: Names,
    written: Mutex<Written>,
}

#[derive(Debug)]
struct Written {
    file: File,
    lines: BTreeSet<String>,
}

impl Calls {
    /// Begins a file in `folder`, which is made.
    pub(crate) fn open(folder: &Path, names: Names) -> io::Result<Arc<Self>> {
        fs::create_dir_all(folder)?;
        let name = format!("{}.jsonl", uuid::Uuid::from_bytes(crate::ses::random()));
        let file = OpenOptions::new().create_new(true).append(true).open(folder.join(name))?;
        Ok(Arc::new(Self { names, written: Mutex::new(Written { file, lines: BTreeSet::new() }) }))
    }

    /// The same server, watched.
    pub(crate) fn watch(self: &Arc<Self>, router: Router) -> Router {
        router.layer(from_fn_with_state(self.clone(), watch))
    }

    fn write_down(&self, call: &Call) -> io::Result<()> {
        let mut line = serde_json::to_string(call)?;
        line.push('\n');
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        // At once: the tests end engines by kill -9.
        if !written.lines.contains(&line) {
            written.file.write_all(line.as_bytes())?;
            written.lines.insert(line);
        }
        Ok(())
    }
}

async fn watch(State(calls): State<Arc<Calls>>, request: Request, next: Next) -> Response {
    let Some(signer) = signer(&request) else { return next.run(request).await };
    let (parts, body) = request.into_parts();
    let Ok(body) = body.collect().await else { return StatusCode::BAD_REQUEST.into_response() };
    let body: Bytes = body.to_bytes();
    for call in actions(&calls.names, &signer, &parts, &body) {
        if let Err(error) = calls.write_down(&call) {
            tracing::error!(%error, "a call could not be written down");
        }
    }
    next.run(Request::from_parts(parts, Body::from(body))).await
}
