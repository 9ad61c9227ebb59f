//! What a form posts, and who posts it.

use std::{convert::Infallible, sync::Arc};

use actionlayer_api::SourceAddress;
use actionlayer_service::{App, accounts::Source};
use axum::{
    Form,
    extract::{FromRequest, FromRequestParts, Request},
};
use http::{StatusCode, header, request::Parts};
use serde::de::DeserializeOwned;

use crate::{cookies, problem::Refused};

/// A form. One that lacks something, or is none, is refused as a page.
pub struct Posted<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Arc<App>> for Posted<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Refused> {
        match Form::<T>::from_request(request, app).await {
            Ok(Form(form)) => Ok(Self(form)),
            Err(rejection) => {
                let status = match rejection.status() {
                    StatusCode::PAYLOAD_TOO_LARGE => StatusCode::PAYLOAD_TOO_LARGE,
                    _ => StatusCode::UNPROCESSABLE_ENTITY,
                };
                let sentence = "Nothing was changed. Go back, reload the page and try again.";
                Err(Refused::new(status, "The form lacks something", sentence))
            }
        }
    }
}

/// Where a request comes from, and the session its browser has.
#[derive(Debug, Clone)]
pub(crate) struct Browser {
    pub(crate) source: Source,
    pub(crate) cookie: Option<String>,
}

impl FromRequestParts<Arc<App>> for Browser {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        let address = parts.extensions.get::<SourceAddress>().cloned().unwrap_or_default();
        let browser = parts.headers.get(header::USER_AGENT).and_then(|name| name.to_str().ok()).unwrap_or_default();
        let source = Source { address_sha256: address.sha256_hex(), browser: browser.to_owned() };
        Ok(Self { source, cookie: cookies::session(app, &parts.headers) })
    }
}
