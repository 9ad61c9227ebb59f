//! Keys of sealed secrets. All begin with [`SECRETS`] and the kind: roles are told apart by that (`template.yaml`).

use actionlayer_domain::{SecretKind, SecretPlace, WorkspaceId};

use super::{Key, workspace_pk};

/// What the partition key of every sealed secret begins with, and of nothing else.
pub const SECRETS: &str = "SECRET#";

/// Where a secret lies.
pub fn secret(place: &SecretPlace) -> Key {
    let kind = place.kind();
    match place {
        SecretPlace::Links => Key::new(of_deployment(kind), "LINKS"),
        SecretPlace::Dkim { workspace_id, domain_id } => {
            Key::new(of_workspace(kind, *workspace_id), domain_id.to_string())
        }
        SecretPlace::SlackCallback { id } => Key::new(format!("{}SLACK#{id}", of_deployment(kind)), "CALLBACK"),
        SecretPlace::SlackInstallation { workspace_id } => Key::new(of_workspace(kind, *workspace_id), "SLACK"),
        SecretPlace::TelegramBot { bot_id } => Key::new(sealed_telegram_bots(), format!("BOT#{bot_id:020}")),
        SecretPlace::Channels { workspace_id, identity_id } => {
            Key::new(of_workspace(kind, *workspace_id), format!("IDENTITY#{identity_id}"))
        }
        SecretPlace::Webhook { workspace_id, webhook_id } => {
            Key::new(of_workspace(kind, *workspace_id), webhook_id.to_string())
        }
    }
}

/// All bots in Telegram; their number is small.
pub(crate) fn sealed_telegram_bots() -> String {
    format!("{}TELEGRAM", of_deployment(SecretKind::Channels))
}

fn of_deployment(kind: SecretKind) -> String {
    format!("{SECRETS}{}#", kind.as_str())
}

fn of_workspace(kind: SecretKind, workspace: WorkspaceId) -> String {
    format!("{}{}", of_deployment(kind), workspace_pk(workspace))
}
