//! The deployment's Slack app.

use actionlayer_domain::Timestamp;
use actionlayer_store::SlackInstallation;
use serde::Serialize;
use utoipa::ToSchema;

/// Whether the deployment's Slack app is installed for the workspace.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SlackInstallationView {
    installed: bool,
    team_id: Option<String>,
    team_name: Option<String>,
    /// What its bot may do.
    scopes: Vec<String>,
    installed_at: Option<Timestamp>,
}

impl SlackInstallationView {
    /// The view of an installation. Its token is shown to nobody.
    pub fn of(installation: Option<SlackInstallation>) -> Self {
        let installed = installation.is_some();
        let (team_id, team_name, scopes, installed_at) = match installation {
            Some(found) => (Some(found.team_id), Some(found.team_name), found.scopes, Some(found.installed_at)),
            None => (None, None, Vec::new(), None),
        };
        Self { installed, team_id, team_name, scopes, installed_at }
    }
}

/// Where "Add to Slack" begins.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SlackLinkView {
    /// To be opened in a browser.
    pub url: String,
}
