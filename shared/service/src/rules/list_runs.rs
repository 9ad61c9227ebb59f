//! `GET /v1/rules/{id}/runs`: what a rule came to at each event of the last 30 days, and what it did.

use std::collections::HashMap;

use actionlayer_domain::{
    EventId, RuleId,
    rule::{Occasion, RuleRun, Verdict},
};
use actionlayer_store::{Page, PageRequest};

use crate::{App, Caller, ServiceError, permission::Require as _, rules::edit_rules::get_rule};

/// An event that a rule was considered for.
#[derive(Debug, Clone)]
pub struct Considered {
    /// The event and how things stood.
    pub occasion: Occasion,
    /// What the rule came to.
    pub verdict: Verdict,
    /// What it did, if it matched.
    pub run: Option<RuleRun>,
}

/// The events of the last 30 days that the rule was considered for, newest first.
pub async fn list_runs(
    app: &App,
    caller: &Caller,
    id: RuleId,
    request: &PageRequest,
) -> Result<Page<Considered>, ServiceError> {
    caller.require_unbound()?;
    let rule = get_rule(app, caller, id).await?;
    let (workspace, now) = (caller.workspace_id, app.now());
    let Page { items, total, total_is_capped, next_cursor } =
        app.store.list_rule_occasions(workspace, rule.trigger, now, request).await?;
    let events: Vec<EventId> = items.iter().map(|occasion| occasion.event.event_id).collect();
    let runs = app.store.rule_runs(workspace, id, &events).await?;
    let mut runs: HashMap<EventId, RuleRun> = runs.into_iter().map(|run| (run.event.event_id, run)).collect();
    // Those before it was made, or while it was switched off, are not of it.
    let items = items.into_iter().filter_map(|occasion| {
        let verdict = occasion.verdicts.iter().find(|verdict| verdict.rule_id == id)?.clone();
        let run = runs.remove(&occasion.event.event_id);
        Some(Considered { occasion, verdict, run })
    });
    Ok(Page { items: items.collect(), total, total_is_capped, next_cursor })
}
