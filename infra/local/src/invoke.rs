//! Lambda: the functions of the template, invoked as Lambda invokes them, with the template's timeouts.
//!
//! Each function is connected by its own settings, through [`actionlayer_runtime::connect`] like in AWS. Events go in as
//! JSON and answers come out as JSON, so that what is tested here is what is deserialised there.

use std::{
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use actionlayer_service::App;
use axum::{
    Router,
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use lambda_http::request::LambdaRequest;
use lambda_runtime::{Context, LambdaEvent, tower::Service as _};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use tokio::sync::Notify;

use crate::{
    faults::{FaultKind, Faults, Service},
    template::Function,
};

/// Why an invocation gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvokeError {
    /// There is no such function.
    #[error("there is no function {0}")]
    Unknown(String),
    /// It cannot read the event.
    #[error("the event cannot be read: {reason}")]
    Event {
        /// In serde's words.
        reason: String,
    },
    /// It answered with an error, or panicked.
    #[error("the function failed: {reason}")]
    Failed {
        /// In its own words.
        reason: String,
    },
    /// It was ended at its timeout.
    #[error("the function timed out")]
    TimedOut,
    /// It was killed on request.
    #[error("the function was killed on request")]
    Killed,
}

type Invocation = Pin<Box<dyn Future<Output = Result<Value, InvokeError>> + Send>>;
type Handler = Box<dyn Fn(Value) -> Invocation + Send + Sync>;

/// The code of a function, connected.
pub struct Code {
    handler: Handler,
}

/// A name in the template that no code belongs to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("template.yaml has a function {0}, this program has not")]
pub struct NoCode(String);

impl Code {
    /// The code of the function of this name, working with `app`.
    pub fn of(name: &str, app: Arc<App>) -> Result<Self, NoCode> {
        Ok(match name {
            "callback" => Self::http(function_callback::router(app)),
            "dashboard" => Self::http(function_dashboard::router(app)),
            "drafts" => Self::http(function_drafts::router(app)),
            "identities" => Self::http(function_identities::router(app)),
            "mcp" => Self::http(function_mcp::router(app)),
            "settings" => Self::http(function_settings::router(app)),
            "threads" => Self::http(function_threads::router(app)),
            "feedback" => Self::event(app, |app, event| async move { function_feedback::handle(&app, event).await }),
            "index" => Self::event(app, |app, event| async move { function_index::handle(&app, event).await }),
            "ingest" => Self::event(app, |app, event| async move { function_ingest::handle(&app, event).await }),
            "notify" => Self::event(app, |app, event| async move { function_notify::handle(&app, event).await }),
            "relay" => Self::event(app, |app, event| async move { function_relay::handle(&app, event).await }),
            "rules" => Self::event(app, |app, event| async move { function_rules::handle(&app, event).await }),
            "send" => Self::event(app, |app, event| async move { function_send::handle(&app, event).await }),
            "sweep" => Self::event(app, |app, event| async move { function_sweep::handle(&app, event).await }),
            "webhook" => Self::event(app, |app, event| async move { function_webhook::handle(&app, event).await }),
            unknown => return Err(NoCode(unknown.to_owned())),
        })
    }

    /// Code made for a test.
    #[cfg(test)]
    pub(crate) fn scripted(handler: impl Fn(Value) -> Result<Value, InvokeError> + Send + Sync + 'static) -> Self {
        let handler = Arc::new(handler);
        Self {
            handler: Box::new(move |event| {
                let handler = Arc::clone(&handler);
                Box::pin(async move { handler(event) })
            }),
        }
    }

    fn http(router: Router) -> Self {
        Self {
            handler: Box::new(move |event| {
                let router = router.clone();
                Box::pin(async move {
                    // From text: lambda_http looks at the raw JSON to tell kinds of events apart.
                    let event: LambdaRequest = read(serde_json::from_str(&event.to_string()))?;
                    let answer = lambda_http::Adapter::from(router).call(LambdaEvent::new(event, context()));
                    let answer = answer.await.map_err(|never| InvokeError::Failed { reason: format!("{never:?}") })?;
                    wrote(answer)
                })
            }),
        }
    }
}

impl Code {
    fn event<E, R, F>(app: Arc<App>, handle: impl Fn(Arc<App>, E) -> F + Send + Sync + 'static) -> Self
    where
        E: DeserializeOwned,
        R: Serialize,
        F: Future<Output = Result<R, lambda_runtime::Error>> + Send + 'static,
    {
        Self {
            handler: Box::new(move |event| {
                let handled = read(serde_json::from_value(event)).map(|event| handle(Arc::clone(&app), event));
                Box::pin(async move {
                    let answer = handled?.await;
                    wrote(answer.map_err(|error| InvokeError::Failed { reason: error.to_string() })?)
                })
            }),
        }
    }
}

/// What Lambda tells a function about its invocation.
fn context() -> Context {
    let mut context = Context::default();
    context.request_id = uuid::Uuid::from_bytes(crate::ses::random()).to_string();
    context
}

fn read<T>(event: serde_json::Result<T>) -> Result<T, InvokeError> {
    event.map_err(|error| InvokeError::Event { reason: error.to_string() })
}

fn wrote(answer: impl Serialize) -> Result<Value, InvokeError> {
    serde_json::to_value(answer).map_err(|error| InvokeError::Failed { reason: error.to_string() })
}

/// Stands before a function's SES and can hold back an acceptance: the moment between the effect and its record.
#[derive(Debug, Default)]
pub struct SesGate {
    /// How many acceptances are to be held back.
    armed: AtomicU32,
    accepted: Notify,
}

impl SesGate {
    /// Wraps the SES endpoint of one function.
    pub fn wrap(self: &Arc<Self>, ses: Router) -> Router {
        ses.layer(axum::middleware::from_fn_with_state(Arc::clone(self), hold_back))
    }
}

async fn hold_back(State(gate): State<Arc<SesGate>>, request: Request, next: Next) -> Response {
    let sends = request.method() == http::Method::POST && request.uri().path() == "/v2/email/outbound-emails";
    let response = next.run(request).await;
    let take = |armed: u32| armed.checked_sub(1);
    if sends
        && response.status().is_success()
        && gate.armed.fetch_update(Ordering::AcqRel, Ordering::Acquire, take).is_ok()
    {
        gate.accepted.notify_one();
        // The function is killed now, and its connection with it.
        std::future::pending::<()>().await;
    }
    response
}

/// A function, ready to be invoked.
pub struct Deployed {
    pub name: String,
    pub code: Code,
    /// When an invocation is ended.
    pub timeout: Duration,
    /// Its way to SES.
    pub gate: Arc<SesGate>,
}

impl Deployed {
    /// A function of the template and its code.
    pub fn new(function: &Function, code: Code, gate: Arc<SesGate>) -> Self {
        let timeout = Duration::from_secs(function.timeout_seconds.into());
        Self { name: function.name.clone(), code, timeout, gate }
    }
}

/// All functions, by logical id.
pub struct Functions {
    /// The functions.
    pub deployed: BTreeMap<String, Deployed>,
    /// What goes wrong on request.
    pub faults: Arc<Faults>,
}

/// Ends the invocation when nobody waits for it any more.
struct Running(tokio::task::JoinHandle<Result<Value, InvokeError>>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Functions {
    /// Logical id of the function of this name.
    pub fn id_of(&self, name: &str) -> Option<&str> {
        self.deployed.iter().find(|(_, function)| function.name == name).map(|(id, _)| id.as_str())
    }

    /// Invokes a function, in a task of its own, and waits for its answer until its timeout.
    pub async fn invoke(&self, function: &str, event: Value) -> Result<Value, InvokeError> {
        let function = self.deployed.get(function).ok_or_else(|| InvokeError::Unknown(function.to_owned()))?;
        let kill = self.faults.take(Service::Lambda, &function.name, &[FaultKind::CrashAfter]).is_some();
        if kill {
            function.gate.armed.fetch_add(1, Ordering::AcqRel);
        }
        let mut running = Running(tokio::spawn((function.code.handler)(event)));
        let finished = async {
            tokio::select! {
                biased;
                // As soon as SES has accepted a mail; or, when it sends none, before it can report.
                () = function.gate.accepted.notified(), if kill => Err(InvokeError::Killed),
                answer = &mut running.0 => match answer {
                    Ok(_) if kill => Err(InvokeError::Killed),
                    Ok(answer) => answer,
                    Err(_) => Err(InvokeError::Failed { reason: "panicked".to_owned() }),
                },
            }
        };
        let answer = tokio::time::timeout(function.timeout, finished).await.unwrap_or(Err(InvokeError::TimedOut));
        if kill {
            let disarm = |armed: u32| armed.checked_sub(1);
            // Already zero when the gate held an acceptance back.
            let _ = function.gate.armed.fetch_update(Ordering::AcqRel, Ordering::Acquire, disarm);
        }
        // What is still running is over before anybody acts on the outcome.
        running.0.abort();
        while !running.0.is_finished() {
            tokio::task::yield_now().await;
        }
        answer
    }
}
