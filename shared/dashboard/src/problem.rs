//! Refusals as screens. Their words are in [`words`].

use actionlayer_pages::dashboard::{Frame, Problem, render};
use actionlayer_service::ServiceError;
use axum::{
    extract::Request,
    middleware::Next,
    response::{Html, IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};

use crate::screens::words;

/// Something that was not done or cannot be shown.
#[derive(Debug, Clone)]
pub struct Refused {
    status: StatusCode,
    headline: String,
    sentences: Vec<String>,
    way_on: Option<(String, String)>,
    frame: Option<Box<Frame>>,
}

impl Refused {
    /// With what is the matter, and what that means.
    pub fn new(status: StatusCode, headline: impl Into<String>, sentence: impl Into<String>) -> Self {
        Self { status, headline: headline.into(), sentences: vec![sentence.into()], way_on: None, frame: None }
    }

    /// The same within what stands around the screens of whoever asked.
    #[must_use]
    pub fn within(self, frame: Frame) -> Self {
        Self { frame: Some(Box::new(frame)), ..self }
    }

    /// The same with where to go on.
    #[must_use]
    pub fn way_on(self, path: impl Into<String>, words: impl Into<String>) -> Self {
        Self { way_on: Some((path.into(), words.into())), ..self }
    }

    /// There is no such thing.
    pub fn not_found() -> Self {
        let sentence = "It may have been removed, or it belongs to another workspace of yours.";
        Self::new(StatusCode::NOT_FOUND, "There is nothing here", sentence).way_on("/", "Go to the inbox")
    }
}

impl From<ServiceError> for Refused {
    fn from(error: ServiceError) -> Self {
        if let ServiceError::NotFound { .. } = &error {
            return Self::not_found();
        }
        let (status, problem) = words(&error);
        let refused = Self { sentences: problem.sentences, ..Self::new(status, problem.title, "") };
        if error == ServiceError::Unauthorized { refused.way_on("/sign-in", "Sign in") } else { refused }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut frame = self.frame.map_or_else(Frame::default, |frame| *frame);
        frame.title.clone_from(&self.headline);
        let problem = Problem { frame, headline: self.headline, sentences: self.sentences, way_on: self.way_on };
        (self.status, Html(render(&problem))).into_response()
    }
}

/// Whether somebody looks at the answer.
fn is_for_people(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}

/// Says that there is no such page, or that it takes no such request, as a page to people and as the API does to programs.
pub(crate) async fn for_people(request: Request, next: Next) -> Response {
    let by_people = is_for_people(request.headers());
    let response = next.run(request).await;
    let status = response.status();
    let is_json = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    if !(by_people && is_json && (status.is_client_error() || status.is_server_error())) {
        return response;
    }
    let refused = match status {
        StatusCode::NOT_FOUND => Refused::not_found(),
        StatusCode::METHOD_NOT_ALLOWED => {
            Refused::new(status, "This is no page", "It only takes a form. Go back to where the form is.")
                .way_on("/", "Go to the inbox")
        }
        StatusCode::TOO_MANY_REQUESTS => Refused::new(
            status,
            "That was too often",
            "Many links or keys that are none came from your address. Wait a minute.",
        ),
        _ => Refused::new(status, "Something of ours is in the way", "Try again in a moment."),
    };
    // The id of the request, and whatever else was said about it, stays.
    let (mut parts, _) = response.into_parts();
    let (page, body) = refused.into_response().into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.extend(page.headers);
    Response::from_parts(parts, body)
}
