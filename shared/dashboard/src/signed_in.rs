//! Who looks at a screen.

use std::sync::Arc;

use actionlayer_api::note_tenant;
use actionlayer_domain::{Caller, Workspace, account::Session, account::User, plan::PlanStatus};
use actionlayer_pages::{
    dashboard::{Deletion, Frame, Reader, Section},
    screens::Access,
};
use actionlayer_service::{
    App, ServiceError,
    accounts::sessions::{Place, Visitor, visitor},
};
use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    response::{IntoResponse, Redirect, Response},
};
use http::request::Parts;

use crate::{cookies, origin::own_path, problem::Refused};

/// Somebody who is signed in and looks at a workspace. First among a handler's arguments, so that nothing else about a
/// request is judged before its session. Without a session it leads to the sign-in, and back.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Who asks, for the use cases.
    pub caller: Caller,
    pub user: User,
    pub session: Session,
    /// The workspace they look at.
    pub workspace: Workspace,
    /// All of it, for the account's own pages.
    pub visitor: Visitor,
    /// What they are to the workspace.
    pub place: Place,
    /// What came of what they did last.
    notice: Option<String>,
}

/// Somebody who is signed in, and may belong to no workspace.
#[derive(Debug, Clone)]
pub struct Visiting {
    pub visitor: Visitor,
    notice: Option<String>,
}

/// Why there is nobody.
#[derive(Debug)]
pub enum Nobody {
    /// They are to sign in, and come back to this path.
    SignIn {
        /// The path they wanted.
        next: String,
    },
    /// They belong to no workspace, or not any more to the one a form was for.
    NoWorkspace,
    /// It could not be found out.
    Failed(ServiceError),
}

impl IntoResponse for Nobody {
    fn into_response(self) -> Response {
        match self {
            Self::SignIn { next } => {
                let next: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
                Redirect::to(&format!("/sign-in?next={next}")).into_response()
            }
            Self::NoWorkspace => Redirect::to("/workspaces").into_response(),
            Self::Failed(error) => Refused::from(error).into_response(),
        }
    }
}

impl FromRequestParts<Arc<App>> for Visiting {
    type Rejection = Nobody;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Nobody> {
        let sign_in = || {
            // What a form wanted cannot be wanted again by a link.
            let wanted = parts.uri.path_and_query().map_or("/", |path| path.as_str());
            let next = if parts.method.is_safe() { own_path(wanted).unwrap_or("/") } else { "/" };
            Nobody::SignIn { next: next.to_owned() }
        };
        let cookie = cookies::session(app, &parts.headers).ok_or_else(sign_in)?;
        match visitor(app, &cookie).await {
            Ok(visitor) => {
                if let Some(place) = &visitor.place {
                    note_tenant(&parts.extensions, place.workspace.id);
                }
                Ok(Self { visitor, notice: cookies::notice(&parts.headers) })
            }
            Err(ServiceError::Unauthorized) => Err(sign_in()),
            Err(error) => Err(Nobody::Failed(error)),
        }
    }
}

/// Where nobody has to be signed in: a cookie that is none is nobody.
impl OptionalFromRequestParts<Arc<App>> for Visiting {
    type Rejection = Nobody;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Option<Self>, Nobody> {
        match <Self as FromRequestParts<Arc<App>>>::from_request_parts(parts, app).await {
            Ok(visiting) => Ok(Some(visiting)),
            Err(Nobody::SignIn { .. } | Nobody::NoWorkspace) => Ok(None),
            Err(failed @ Nobody::Failed(_)) => Err(failed),
        }
    }
}

impl FromRequestParts<Arc<App>> for SignedIn {
    type Rejection = Nobody;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Nobody> {
        let visiting = <Visiting as FromRequestParts<Arc<App>>>::from_request_parts(parts, app).await?;
        let Visiting { visitor, notice } = visiting;
        let place = visitor.place.clone().ok_or(Nobody::NoWorkspace)?;
        // A form was for the workspace its page was of.
        if visitor.was_moved && !parts.method.is_safe() {
            return Err(Nobody::NoWorkspace);
        }
        Ok(Self {
            caller: place.caller(),
            user: visitor.user.clone(),
            session: visitor.session.clone(),
            workspace: place.workspace.clone(),
            place,
            visitor,
            notice,
        })
    }
}

impl SignedIn {
    /// What stands around a screen of theirs.
    pub fn frame(&self, title: impl Into<String>, section: Section) -> Frame {
        Frame {
            title: title.into(),
            section: Some(section),
            reader: Some(reader(&self.visitor)),
            notice: self.notice.clone(),
        }
    }
}

impl Visiting {
    /// What stands around a screen of theirs.
    pub fn frame(&self, title: impl Into<String>) -> Frame {
        Frame { title: title.into(), section: None, reader: Some(reader(&self.visitor)), notice: self.notice.clone() }
    }
}

fn is_past_due(workspace: &Workspace) -> bool {
    let paid = workspace.billing.as_ref().and_then(|billing| billing.subscription.as_ref());
    paid.is_some_and(|paid| paid.status == PlanStatus::PastDue)
}

/// Who looks, as every screen says it.
fn reader(visitor: &Visitor) -> Reader {
    let place = visitor.place.as_ref();
    let administers = place.is_some_and(|place| Access::of(place.caller().authority).administer);
    Reader {
        user: visitor.user.name.as_str().to_owned(),
        workspace: place.map(|place| place.workspace.name.as_str().to_owned()),
        role: place.map_or("", |place| place.membership.role.as_str()),
        is_to_pay: administers && place.is_some_and(|place| is_past_due(&place.workspace)),
        deletion: visitor.deletion.as_ref().map(|erasure| Deletion::of(erasure, administers)),
    }
}
