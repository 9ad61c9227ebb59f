//! All that a workspace has, to take away.

use actionlayer_domain::{
    Timestamp,
    export::{Export, ExportState},
};
use askama::Template;

use super::{
    Access, Problem, Screen,
    parts::{Tabs, When, size, when},
};
use crate::dashboard::Section;

#[derive(Template)]
#[template(path = "screens/export.html")]
struct Page {
    frame: Tabs,
    tab: &'static str,
    problem: Option<Problem>,
    export: Option<Shown>,
    /// Whether one may be asked for now.
    may_begin: bool,
    access: Access,
}

struct Shown {
    state: ExportState,
    requested: When,
    until: When,
    parts: Vec<(usize, String, u64)>,
}

/// The newest export, if there is one, and the form for another.
pub fn export(export: Option<&Export>, access: Access, problem: Option<Problem>, now: Timestamp) -> Screen {
    let page = Page {
        frame: Tabs,
        tab: "/settings/export",
        problem,
        may_begin: access.administer && export.is_none_or(|export| export.gives_way(now)),
        export: export.map(|export| Shown {
            state: export.state,
            requested: when(export.requested_at, now),
            until: when(export.expires_at(), now),
            parts: export
                .parts
                .iter()
                .enumerate()
                .map(|(at, part)| (at, size(part.size_bytes), part.records))
                .collect(),
        }),
        access,
    };
    Screen::of(Section::Settings, "Export", &page)
}
