//! "Add to Slack": the deployment's app is installed for a workspace by OAuth v2. See "Installing with OAuth",
//! docs.slack.dev.
//!
//! The owner asks for a link with their key; whoever opens it in a browser gets a cookie, and only that browser can bring
//! the code back. A state is good once and for ten minutes.

use std::time::Duration;

use actionlayer_clients::slack::SlackClientCredentials;
use actionlayer_domain::{Entropy, SecretPlace, key::Permission};
use actionlayer_store::{SecretRecord, SlackConsent, SlackInstallation, Transaction, keys};
use sha2::{Digest as _, Sha256};

use crate::{App, Caller, ServiceError, SlackApp, contention::until_settled, permission::Require as _, secrets::seal};

/// What the app asks for: to write, and to know channels by name.
const SCOPES: &str = "chat:write,channels:read,groups:read";
const CONSENT_LASTS: Duration = Duration::from_mins(10);

/// A link to be opened in a browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstallLink {
    pub url: String,
}

/// What a browser is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// Where Slack asks for consent.
    pub authorize_url: String,
    /// The value of the cookie that binds it to this browser.
    pub browser: String,
}

/// Why an installation did not come about.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum InstallProblem {
    /// Not a state of ours, or its time is over, or it was used.
    #[error("the link is not valid any more")]
    BadState,
    /// Another browser began.
    #[error("another browser began")]
    OtherBrowser,
    /// They said no.
    #[error("access was not granted")]
    Denied,
    /// Slack's own word, and ours.
    #[error("Slack says {word}: {fix}")]
    Slack {
        /// Slack's word.
        word: String,
        /// What to do about it.
        fix: String,
    },
    /// It could not be looked up.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

fn own_app(app: &App) -> Result<&SlackApp, ServiceError> {
    app.settings.slack_app.as_ref().ok_or(ServiceError::Conflict(
        "this deployment has no Slack app: set SlackClientId, SlackClientSecret and SlackSigningSecret, or give each channel \
         a bot_token and signing_secret of its own",
    ))
}

fn random(entropy: &dyn Entropy) -> String {
    let mut bytes = [0; 32];
    entropy.fill(&mut bytes);
    hex::encode(bytes)
}

fn sha256(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

fn redirect_uri(app: &App) -> String {
    format!("{}/callbacks/slack/oauth", app.settings.public_url)
}

/// Makes a link to begin with.
pub async fn install_link(app: &App, caller: &Caller) -> Result<InstallLink, ServiceError> {
    caller.require(Permission::Administer)?;
    own_app(app)?;
    let state = random(app.entropy());
    let mut transaction = Transaction::new();
    transaction.create(&SlackConsent {
        state_sha256: sha256(&state),
        workspace_id: caller.workspace_id,
        browser_sha256: None,
        expires_at: app.now().after(CONSENT_LASTS),
    })?;
    app.store.commit(transaction).await?;
    Ok(InstallLink { url: format!("{}/callbacks/slack/install?state={state}", app.settings.public_url) })
}

/// A browser begins; it is the only one that can end it.
pub async fn begin_install(app: &App, state: &str) -> Result<Begun, InstallProblem> {
    let own = own_app(app)?;
    let browser = random(app.entropy());
    let begun = until_settled(app, || async {
        let row = app.store.get::<SlackConsent>(&keys::slack_consent(&sha256(state))).await?;
        let Some(row) = row.filter(|row| row.value.expires_at > app.now()) else { return Ok(false) };
        let consent = SlackConsent { browser_sha256: Some(sha256(&browser)), ..row.value.clone() };
        let mut transaction = Transaction::new();
        transaction.replace(&row, &consent)?;
        app.store.commit(transaction).await?;
        Ok(true)
    })
    .await?;
    if !begun {
        return Err(InstallProblem::BadState);
    }
    let redirect = redirect_uri(app);
    let authorize_url = app.slack.authorize_url(&[
        ("client_id", own.client_id.as_str()),
        ("scope", SCOPES),
        ("redirect_uri", redirect.as_str()),
        ("state", state),
    ]);
    Ok(Begun { authorize_url, browser })
}

/// Slack sent the browser back with a code. Gives the Slack workspace's name.
pub async fn finish_install(
    app: &App,
    state: &str,
    code: Option<&str>,
    browser: Option<&str>,
) -> Result<String, InstallProblem> {
    let own = own_app(app)?;
    let row = app.store.get::<SlackConsent>(&keys::slack_consent(&sha256(state))).await.map_err(ServiceError::from)?;
    let row = row.filter(|row| row.value.expires_at > app.now()).ok_or(InstallProblem::BadState)?;
    // Both sides are digests: there is nothing to time.
    if row.value.browser_sha256.is_none() || row.value.browser_sha256 != browser.map(sha256) {
        return Err(InstallProblem::OtherBrowser);
    }
    // Used up before Slack is asked: a state is good once.
    let mut transaction = Transaction::new();
    transaction.delete(&row);
    app.store.commit(transaction).await.map_err(|_| InstallProblem::BadState)?;
    let code = code.ok_or(InstallProblem::Denied)?;
    let credentials =
        SlackClientCredentials { client_id: own.client_id.clone(), client_secret: own.client_secret.clone() };
    let grant = app.slack.oauth_access(&credentials, code, &redirect_uri(app)).await;
    let grant = grant.map_err(|error| InstallProblem::Slack { word: error.word(), fix: error.fix() })?;
    let installation = SlackInstallation {
        workspace_id: row.value.workspace_id,
        team_id: grant.team_id,
        team_name: grant.team_name.clone(),
        clear_bot_token: None,
        scopes: grant.scopes,
        installed_at: app.now(),
    };
    until_settled(app, || async {
        let mut transaction = Transaction::new();
        match app.store.get::<SlackInstallation>(&keys::slack_installation(installation.workspace_id)).await? {
            Some(row) => transaction.replace(&row, &installation)?,
            None => transaction.create(&installation)?,
        };
        let place = SecretPlace::SlackInstallation { workspace_id: installation.workspace_id };
        let sealed = seal(app, place.clone(), &grant.bot_token).await?;
        match app.store.get::<SecretRecord>(&keys::secret(&place)).await? {
            Some(known) => transaction.replace(&known, &sealed)?,
            None => transaction.create(&sealed)?,
        };
        Ok(app.store.commit(transaction).await?)
    })
    .await?;
    Ok(grant.team_name)
}

/// The workspace's installation, if there is one.
pub async fn installation(app: &App, caller: &Caller) -> Result<Option<SlackInstallation>, ServiceError> {
    caller.require(Permission::Read)?;
    let found = app.store.get::<SlackInstallation>(&keys::slack_installation(caller.workspace_id)).await?;
    Ok(found.map(|row| row.value))
}
