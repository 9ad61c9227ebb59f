//! The users of a workspace, and who did what.

use std::sync::Arc;

use actionlayer_domain::{
    UserId,
    account::{MemberRole, SignUp},
    key::Permission,
};
use actionlayer_pages::dashboard::{
    Section,
    accounts::{Audit, Users},
    render,
};
use actionlayer_service::{
    App, ServiceError,
    accounts::{
        account_mail::sender,
        audit::list_audit,
        invitations::{self, Invited, list_invitations, withdraw_invitation},
        members::{self, list_members, remove_member},
    },
};
use actionlayer_store::{Page, PageRequest};
use axum::{
    extract::{Query, State},
    response::{Html, IntoResponse as _, Response},
};
use serde::Deserialize;

use super::told;
use crate::{SignedIn, posted::Posted, problem::Refused};

const PATH: &str = "/settings/users";

#[derive(Deserialize)]
pub(super) struct Invite {
    email: String,
    role: String,
}

#[derive(Deserialize)]
pub(super) struct Withdraw {
    invitation: String,
}

#[derive(Deserialize)]
pub(super) struct ChangeRole {
    user_id: String,
    role: String,
}

#[derive(Deserialize)]
pub(super) struct Remove {
    user_id: String,
}

#[derive(Deserialize)]
pub(super) struct Older {
    cursor: Option<String>,
}

/// How many entries of who did what are on a page.
const AUDIT_ENTRIES: u32 = 100;

fn role(text: &str) -> Result<MemberRole, ServiceError> {
    text.parse().map_err(|error| ServiceError::invalid("The role", error))
}

fn user_id(text: &str) -> Result<UserId, ServiceError> {
    text.parse().map_err(|_| ServiceError::NotFound { what: "user" })
}

async fn screen(app: &App, me: &SignedIn, link: Option<String>) -> Result<Response, Refused> {
    let may_manage = me.caller.may(Permission::Administer);
    Ok(Html(render(&Users {
        frame: me.frame("Users", Section::Settings),
        tab: PATH,
        members: list_members(app, &me.caller).await?,
        own_id: me.user.id.to_string(),
        may_manage,
        invitations: if may_manage { list_invitations(app, &me.caller).await? } else { Vec::new() },
        link,
        mail_from: if may_manage { sender(app).await?.map(|from| from.to_string()) } else { None },
        allows_new_accounts: app.settings.sign_up != SignUp::Off,
    }))
    .into_response())
}

/// `GET /settings/users`.
pub(super) async fn show(State(app): State<Arc<App>>, me: SignedIn) -> Result<Response, Refused> {
    screen(&app, &me, None).await
}

/// `POST /settings/users/invite`.
pub(super) async fn invite(
    State(app): State<Arc<App>>,
    me: SignedIn,
    Posted(form): Posted<Invite>,
) -> Result<Response, Refused> {
    match invitations::invite(&app, &me.place, &form.email, role(&form.role)?).await? {
        Invited::Mailed => Ok(told(&app, PATH, &format!("{} gets a mail with a link.", form.email.trim()))),
        // Shown here and nowhere else: a redirect would have to carry it.
        Invited::ByHand { url } => screen(&app, &me, Some(url)).await,
    }
}

/// `POST /settings/users/withdraw`.
pub(super) async fn withdraw(
    State(app): State<Arc<App>>,
    me: SignedIn,
    Posted(form): Posted<Withdraw>,
) -> Result<Response, Refused> {
    withdraw_invitation(&app, &me.place, &form.invitation).await?;
    Ok(told(&app, PATH, "The invitation is taken back; its link does nothing any more."))
}

/// `POST /settings/users/role`.
pub(super) async fn change_role(
    State(app): State<Arc<App>>,
    me: SignedIn,
    Posted(form): Posted<ChangeRole>,
) -> Result<Response, Refused> {
    members::change_role(&app, &me.place, user_id(&form.user_id)?, role(&form.role)?).await?;
    Ok(told(&app, PATH, "The role is changed, from their next request on."))
}

/// `POST /settings/users/remove`.
pub(super) async fn remove(
    State(app): State<Arc<App>>,
    me: SignedIn,
    Posted(form): Posted<Remove>,
) -> Result<Response, Refused> {
    let user = user_id(&form.user_id)?;
    remove_member(&app, &me.place, user).await?;
    let left = user == me.user.id;
    Ok(told(
        &app,
        if left { "/workspaces" } else { PATH },
        if left { "You left the workspace." } else { "They are removed." },
    ))
}

/// `GET /settings/audit`.
pub(super) async fn show_audit(
    State(app): State<Arc<App>>,
    me: SignedIn,
    Query(Older { cursor }): Query<Older>,
) -> Result<Response, Refused> {
    let page = list_audit(&app, &me.caller, &PageRequest { limit: AUDIT_ENTRIES, offset: 0, cursor }).await?;
    let Page { items: entries, next_cursor, total: _, total_is_capped: _ } = page;
    let older = next_cursor.map(|cursor| format!("/settings/audit?cursor={cursor}"));
    let frame = me.frame("Who did what", Section::Settings);
    Ok(Html(render(&Audit { frame, tab: "/settings/audit", entries, older })).into_response())
}
