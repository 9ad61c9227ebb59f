//! Deleting the workspace: what that means, and taking it back.

use actionlayer_domain::Workspace;
use askama::Template;

use super::{Access, Problem, Screen, parts::Tabs};
use crate::dashboard::Section;

#[derive(Template)]
#[template(path = "screens/deletion.html")]
struct Page<'a> {
    frame: Tabs,
    tab: &'static str,
    problem: Option<Problem>,
    name: &'a str,
    is_scheduled: bool,
    access: Access,
}

/// What the deletion means, with the form that asks for it. That it was asked for, and the button that takes it back, stand in
/// the frame of every screen.
pub fn deletion(workspace: &Workspace, is_scheduled: bool, access: Access, problem: Option<Problem>) -> Screen {
    let page =
        Page { frame: Tabs, tab: "/settings/delete", problem, name: workspace.name.as_str(), is_scheduled, access };
    Screen::of(Section::Settings, "Delete the workspace", &page)
}
