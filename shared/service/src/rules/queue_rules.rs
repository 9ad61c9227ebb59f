//! Which events rules wait for, told by the relay.

use std::collections::BTreeMap;

use actionlayer_domain::{
    WorkspaceId,
    event::{Entity, Event},
    rule::{RuleEvent, ThreadThen},
    work::{RuleJob, Work},
};

use crate::{App, ServiceError, change::Change};

/// Jobs for the events that an active rule waits for. One read for each workspace in which something happened.
pub(crate) async fn rule_jobs(app: &App, events: &[Event], changes: &[Change]) -> Result<Vec<Work>, ServiceError> {
    let mut by_workspace: BTreeMap<WorkspaceId, Vec<RuleEvent>> = BTreeMap::new();
    for event in events.iter().filter_map(RuleEvent::of) {
        by_workspace.entry(event.workspace_id).or_default().push(event);
    }
    let mut jobs = Vec::new();
    for (workspace, events) in by_workspace {
        let rules = match app.store.rules(workspace).await {
            Ok(rules) => rules,
            // A rule that nobody can read stops no mail, and no other workspace's rules.
            Err(error) if !error.retryable() => {
                tracing::error!(%error, %workspace, "the rules of a workspace cannot be read");
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let waits = |event: &RuleEvent| rules.iter().any(|row| row.value.active && row.value.trigger == event.trigger);
        jobs.extend(events.into_iter().filter(waits).map(|event| {
            let thread = thread_then(&event, changes);
            Work::Rules(RuleJob { event, thread })
        }));
    }
    Ok(jobs)
}

/// The thread as the event left it, if the stream brought that along: what happens to a thread and a message or draft of it is
/// written together, at one time.
fn thread_then(event: &RuleEvent, changes: &[Change]) -> Option<ThreadThen> {
    let mut images = changes.iter().filter_map(|change| match &change.new {
        Some(Entity::Thread(thread)) if thread.id == event.thread_id => Some(thread),
        _ => None,
    });
    images.rfind(|thread| thread.updated_at == event.at).map(|thread| ThreadThen::from(&**thread))
}
