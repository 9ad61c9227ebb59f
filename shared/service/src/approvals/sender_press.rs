//! Somebody pressed *Trust* or *Block* below a message about a sender.

use actionlayer_channels::press::{Action, Button, ButtonError, Subject, identity_tag};
use actionlayer_domain::Caller;

use super::press::{NotPressed, Presser, authorize, principal};
use crate::{
    App, ServiceError,
    inbound::held::{approve_held, block_held},
};

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
    let approver = Caller::approver(button.workspace_id, identity.value.id, principal(&presser.member));
    let (decided, said) = match button.action {
        Action::Block => (block_held(app, &approver, held_id).await, "Blocked. Their mail is dropped."),
        _ => (approve_held(app, &approver, held_id).await, "Trusted. Their mail comes in."),
    };
    match decided {
        Ok(_) => Ok(said.to_owned()),
        Err(ServiceError::NotFound { .. }) => {
            Err(NotPressed::Refused("Somebody has decided about this sender already.".to_owned()))
        }
        Err(error) => Err(error.into()),
    }
}
