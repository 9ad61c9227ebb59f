//! The settings of a workspace, each with what it means.

use actionlayer_domain::{Workspace, workspace::NewParticipants};
use askama::Template;

use super::{Access, Problem, Screen, parts::Tabs};
use crate::dashboard::Section;

/// What the form begins with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkspaceForm {
    /// What it is called.
    pub name: String,
    /// Hold mail of unknown senders.
    pub hold: bool,
    /// Tell the approvers about them.
    pub tell: bool,
    /// Keep mail apart that cites a conversation its author takes no part in.
    pub apart: bool,
    /// A draft expires after so many hours; empty for never.
    pub expires: String,
    /// Approvers are reminded after so many hours; empty for never.
    pub remind: String,
}

impl WorkspaceForm {
    /// A workspace as it is.
    pub fn of(workspace: &Workspace) -> Self {
        let hours = |hours: Option<u32>| hours.map(|hours| hours.to_string()).unwrap_or_default();
        Self {
            name: workspace.name.as_str().to_owned(),
            hold: workspace.settings.sender_trust_gating,
            tell: workspace.settings.notify_held_inbound,
            apart: workspace.settings.new_participants == NewParticipants::NewThread,
            expires: hours(workspace.settings.draft_ttl_hours),
            remind: hours(workspace.settings.remind_after_hours),
        }
    }
}

#[derive(Template)]
#[template(path = "screens/workspace.html")]
struct Page<'a> {
    frame: Tabs,
    tab: &'static str,
    problem: Option<Problem>,
    id: String,
    form: &'a WorkspaceForm,
    access: Access,
}

/// The settings.
pub fn workspace(workspace: &Workspace, form: &WorkspaceForm, access: Access, problem: Option<Problem>) -> Screen {
    let page = Page { frame: Tabs, tab: "/settings", problem, id: workspace.id.to_string(), form, access };
    Screen::of(Section::Settings, "Settings", &page)
}
