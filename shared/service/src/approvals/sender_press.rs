//! Somebody pressed *Trust* or *Block* below a message about a sender.

use actionlayer_channels::press::{Action, Button, ButtonError, Subject, identity_tag};
use actionlayer_domain::contact::{ContactStatus, HeldInbound};
use actionlayer_store::keys;

use super::press::{NotPressed, Presser, authorize, member_actor};
use crate::{App, inbound::held::decide_about_sender};

pub(crate) const fn is_about_sender(action: Action) -> bool {
    matches!(action, Action::Trust | Action::Block)
}

/// Lets a sender's mail in, or drops it. Gives what to say.
pub(crate) async fn decide_sender(app: &App, presser: &Presser, button: Button) -> Result<String, NotPressed> {
    let Subject::Sender { held_id, identity_tag: tag } = button.subject else {
        return Err(ButtonError::Malformed.into());
    };
    let identities =
        app.store.identities(button.workspace_id).await.map_err(|error| NotPressed::Failed(error.into()))?;
    let identity = identities.into_iter().find(|row| identity_tag(row.value.id) == tag);
    let identity = identity.ok_or_else(|| NotPressed::Refused("That mailbox is not there any more.".to_owned()))?;
    authorize(&identity.value, presser)?;
    let held = app.store.get::<HeldInbound>(&keys::held(button.workspace_id, held_id)).await;
    let held = held.map_err(|error| NotPressed::Failed(error.into()))?;
    let held = held.ok_or_else(|| NotPressed::Refused("Somebody has decided about this sender already.".to_owned()))?;
    let (status, said) = match button.action {
        Action::Block => (ContactStatus::Blocked, "Blocked. Their mail is dropped."),
        _ => (ContactStatus::Trusted, "Trusted. Their mail comes in."),
    };
    decide_about_sender(app, &held, status, &member_actor(&presser.member)).await?;
    Ok(said.to_owned())
}
