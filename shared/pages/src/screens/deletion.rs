//! Deleting the workspace: what that means, and taking it back.

use actionlayer_channels::legible::moment;
use actionlayer_domain::{Timestamp, Workspace, erasure::Erasure};
use askama::Template;

use super::{
    Access, Problem, Screen,
    parts::{Tabs, When, when},
};
use crate::dashboard::Section;

#[derive(Template)]
#[template(path = "screens/deletion.html")]
struct Page<'a> {
    frame: Tabs,
    tab: &'static str,
    problem: Option<Problem>,
    name: &'a str,
    scheduled: Option<Scheduled>,
    access: Access,
}

struct Scheduled {
    by: String,
    requested: When,
    due: String,
    can_be_taken_back: bool,
}

/// What the deletion means, with the form that asks for it or takes it back.
pub fn deletion(
    workspace: &Workspace,
    scheduled: Option<&Erasure>,
    access: Access,
    problem: Option<Problem>,
    now: Timestamp,
) -> Screen {
    let page = Page {
        frame: Tabs,
        tab: "/settings/delete",
        problem,
        name: workspace.name.as_str(),
        scheduled: scheduled.map(|erasure| Scheduled {
            by: actionlayer_channels::named(&erasure.requested_by),
            requested: when(erasure.requested_at, now),
            due: moment(erasure.due_at),
            can_be_taken_back: erasure.can_be_taken_back(),
        }),
        access,
    };
    Screen::of(Section::Settings, "Delete the workspace", &page)
}
