//! The two ways in: HTTP requests and events. What a `main.rs` calls.

use std::{future::Future, pin::Pin, sync::Arc};

use actionlayer_api::{RequestId, SourceAddress};
use actionlayer_service::App;
use lambda_http::{Request, RequestExt as _, Response, request::RequestContext};
use lambda_runtime::{
    Diagnostic, Error, LambdaEvent, service_fn,
    tower::{Service, ServiceExt as _},
};
use serde::{Serialize, de::DeserializeOwned};

use crate::{Config, connect, init_telemetry, metrics, ports};

/// Serves HTTP requests from API Gateway with the service that `router` makes, until Lambda ends the process.
pub async fn serve_http<S, B>(router: impl FnOnce(Arc<App>) -> S) -> Result<(), Error>
where
    S: Service<Request, Response = Response<B>>,
    S::Future: Send + 'static,
    S::Error: std::fmt::Debug + Into<Diagnostic>,
    Response<B>: lambda_http::IntoResponse,
{
    let router = router(Arc::new(start()?));
    lambda_http::run(router.map_request(with_origin)).await
}

/// What only the platform knows: its own id of the request, which is the one callers see, and where it comes from.
fn with_origin(mut request: Request) -> Request {
    let source = match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => context.http.source_ip.clone(),
        _ => None,
    };
    if let Some(source) = source {
        request.extensions_mut().insert(SourceAddress::new(source));
    }
    let id = request.lambda_context_ref().and_then(|context| RequestId::new(&context.request_id));
    if let Some(id) = id {
        request.extensions_mut().insert(id);
    }
    request
}

/// Gives each event to `handle`, until Lambda ends the process. Lambda learns of a failure only by an `Err`: it then
/// delivers the event again, as the event source is set up to.
pub async fn serve_event<E, R, F>(handle: impl Fn(Arc<App>, E) -> F) -> Result<(), Error>
where
    E: DeserializeOwned,
    R: Serialize,
    F: Future<Output = Result<R, Error>> + 'static,
{
    let app = Arc::new(start()?);
    // Boxed, so that the compiler need not see through the runtime and the whole product at once.
    let handler = service_fn(|event: LambdaEvent<E>| -> Pin<Box<dyn Future<Output = Result<R, Error>>>> {
        Box::pin(handle(Arc::clone(&app), event.payload))
    });
    lambda_runtime::run(handler).await
}

/// Connects the product as the environment says. Runs in Lambda's init phase, before the first event.
fn start() -> Result<App, Error> {
    init_telemetry();
    let config = Config::from_pairs(std::env::vars()).inspect_err(|error| tracing::error!(%error, "cannot start"))?;
    let app = connect(&config, ports());
    metrics::begin(&config.deployment_name, app.now());
    Ok(app)
}
