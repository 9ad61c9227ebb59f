//! The dashboard's frame: what stands around every screen. A screen is a template that extends `layout.html`, made from a
//! struct with a field `frame`.
//!
//! Everything works without scripts. The one script there is helps with keys, copying, waiting and asking twice; it acts on
//! attributes (`data-copy`, `data-confirm`, `data-refresh-seconds`, `data-key`), so that no screen has a script of its own.

use std::sync::LazyLock;

use actionlayer_channels::{legible::moment, named};
use actionlayer_domain::erasure::Erasure;
use askama::Template;
use sha2::{Digest as _, Sha256};

use crate::UNRENDERABLE;

pub mod accounts;

/// The style sheet, as it is served.
pub const STYLE_SHEET: &str = concat!(include_str!("../templates/style.css"), include_str!("../templates/screens.css"));
/// The script, as it is served.
pub const SCRIPT: &str = include_str!("../templates/dashboard.js");

/// Names the style sheet and the script as they are: a browser may keep both for as long as the name is the same.
pub static ASSET_VERSION: LazyLock<String> = LazyLock::new(|| {
    let digest = Sha256::new().chain_update(STYLE_SHEET).chain_update(SCRIPT).finalize();
    let bytes = digest.first_chunk().copied().unwrap_or_default();
    format!("{:016x}", u64::from_be_bytes(bytes))
});

/// A part of the dashboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// What to do first.
    Setup,
    /// Threads.
    Inbox,
    Drafts,
    /// Mail of senders who wait for a decision.
    Held,
    /// Mailboxes.
    Identities,
    Domains,
    Contacts,
    Rules,
    Webhooks,
    /// What happened.
    Events,
    /// Addresses nothing is sent to.
    Suppressions,
    /// What was used.
    Usage,
    ApiKeys,
    /// Workspace, users, keys.
    Settings,
}

impl Section {
    /// Every section, in the order of the navigation.
    pub const ALL: [Self; 14] = [
        Self::Inbox,
        Self::Drafts,
        Self::Held,
        Self::Contacts,
        Self::Identities,
        Self::Domains,
        Self::Rules,
        Self::Webhooks,
        Self::ApiKeys,
        Self::Events,
        Self::Suppressions,
        Self::Usage,
        Self::Settings,
        Self::Setup,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Setup => "Get started",
            Self::Inbox => "Inbox",
            Self::Drafts => "Drafts",
            Self::Held => "Unknown senders",
            Self::Identities => "Identities",
            Self::Domains => "Domains",
            Self::Contacts => "Contacts",
            Self::Rules => "Rules",
            Self::Webhooks => "Webhooks",
            Self::Events => "Events",
            Self::Suppressions => "Suppressions",
            Self::Usage => "Usage",
            Self::ApiKeys => "API keys",
            Self::Settings => "Settings",
        }
    }

    /// Where it begins.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Setup => "/onboarding",
            Self::Inbox => "/inbox",
            Self::Drafts => "/drafts",
            Self::Held => "/held",
            Self::Identities => "/identities",
            Self::Domains => "/domains",
            Self::Contacts => "/contacts",
            Self::Rules => "/rules",
            Self::Webhooks => "/webhooks",
            Self::Events => "/events",
            Self::Suppressions => "/suppressions",
            Self::Usage => "/usage",
            Self::ApiKeys => "/settings/keys",
            Self::Settings => "/settings",
        }
    }
}

/// What stands around a screen.
#[derive(Debug, Clone, Default)]
pub struct Frame {
    /// What the screen is, for the browser's title.
    pub title: String,
    /// The section it belongs to.
    pub section: Option<Section>,
    /// Who looks at it; none where nobody is signed in.
    pub reader: Option<Reader>,
    /// What came of what they did last.
    pub notice: Option<String>,
}

/// Who looks at a screen.
#[derive(Debug, Clone)]
pub struct Reader {
    /// What they are called.
    pub user: String,
    /// The workspace; none where they belong to none.
    pub workspace: Option<String>,
    pub role: &'static str,
    /// That the workspace is to be deleted, if it is.
    pub deletion: Option<Deletion>,
    /// Whether they are to see to a payment that failed.
    pub is_to_pay: bool,
}

/// What every screen of a workspace says that is to be deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deletion {
    pub(crate) by: String,
    /// When it begins; none once it has begun.
    pub(crate) due: Option<String>,
    /// Whether the reader may take it back.
    pub(crate) may_stop: bool,
}

impl Deletion {
    /// Of a deletion, for somebody who may, or may not, change the workspace.
    pub fn of(erasure: &Erasure, administers: bool) -> Self {
        let due = erasure.can_be_taken_back().then(|| moment(erasure.due_at));
        Self { by: named(&erasure.requested_by), may_stop: administers && due.is_some(), due }
    }
}

impl Frame {
    /// Of a screen that takes no session.
    pub fn outside(title: impl Into<String>) -> Self {
        Self { title: title.into(), ..Self::default() }
    }

    #[allow(clippy::unused_self, reason = "asked by the template")]
    pub(crate) fn sections(&self) -> [Section; 14] {
        Section::ALL
    }

    #[allow(clippy::unused_self, reason = "asked by the template")]
    pub(crate) fn is_tab(&self, path: &str, tab: &str) -> bool {
        path == tab
    }

    #[allow(clippy::unused_self, reason = "asked by the template")]
    pub(crate) fn asset_version(&self) -> &'static str {
        &ASSET_VERSION
    }

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "the template's loop gives references")]
    pub(crate) fn is_current(&self, section: &Section) -> bool {
        self.section == Some(*section)
    }
}

/// The screen as text.
pub fn render(screen: &impl Template) -> String {
    screen.render().unwrap_or_else(|_| UNRENDERABLE.to_owned())
}

/// Something that cannot be shown or done, and what to do about it.
#[derive(Debug, Clone, Template)]
#[template(path = "problem.html")]
pub struct Problem {
    /// What stands around it.
    pub frame: Frame,
    /// What is the matter.
    pub headline: String,
    /// What that means, and what to do.
    pub sentences: Vec<String>,
    /// Where to go on: a path and its words.
    pub way_on: Option<(String, String)>,
}
