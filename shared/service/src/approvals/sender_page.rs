//! What stands behind the link of a mail about a sender, and what is decided there.

use actionlayer_channels::sender_link::SenderToken;
use actionlayer_domain::{Caller, EmailAddress, Identity, Principal, channel::ApprovalChannel, contact::HeldInbound};
use actionlayer_store::keys;

use super::approval_page::LinkProblem;
use crate::{
    App, ServiceError,
    inbound::held::{approve_held, block_held},
    secrets,
};

/// What a link led to.
pub struct SenderView {
    /// The identity that was written to.
    pub identity: Identity,
    /// The mail; none once somebody decided about its sender.
    pub held: Option<HeldInbound>,
    token: SenderToken,
    approver: EmailAddress,
}

/// Follows a link: checks that it is ours, in time and its approver still one, and reads what it is about.
pub async fn open_sender_link(app: &App, token: &str) -> Result<SenderView, LinkProblem> {
    let secret = secrets::link_secret(app).await?;
    let token = SenderToken::open(&secret, token, app.now())?;
    let held_key = keys::held(token.workspace_id, token.held_id);
    let (identity, held) = tokio::try_join!(
        app.store.identity(token.workspace_id, token.identity_id),
        app.store.get::<HeldInbound>(&held_key),
    )
    .map_err(ServiceError::from)?;
    let identity = identity.ok_or(LinkProblem::Unknown)?.value;
    let mut addresses = identity.approval_channels.iter().flat_map(ApprovalChannel::addresses);
    let approver = addresses.find(|address| token.is_for(address)).cloned().ok_or(LinkProblem::NoLongerApprover)?;
    Ok(SenderView { identity, held: held.map(|row| row.value), token, approver })
}

/// Lets the sender's mail in, or drops it. `NotFound` where somebody was faster.
pub async fn decide_by_sender_link(app: &App, view: &SenderView, trust: bool) -> Result<(), ServiceError> {
    let principal = Principal::mail_approver(&view.approver);
    let caller = Caller::approver(view.token.workspace_id, view.identity.id, principal);
    if trust {
        approve_held(app, &caller, view.token.held_id).await?;
    } else {
        block_held(app, &caller, view.token.held_id).await?;
    }
    Ok(())
}
