//! What follows from changes of the table. Nothing else publishes.

use std::collections::BTreeMap;

use actionlayer_domain::{
    WorkspaceId,
    event::events,
    work::{merged, work},
};
use actionlayer_store::stream::TotalsChange;

use crate::{
    App, ServiceError,
    change::Change,
    contention::until_settled,
    events::publish::publish,
    rules::queue_rules::rule_jobs,
    threads::index_threads::{enter_lists, index_jobs},
};

/// Queues the work that follows from some changes, makes known what happened, and counts. All or an error; then all of
/// them come again, which does no harm: workers claim before they act, an event is written and a change counted once.
///
/// What is done here takes a bounded time for each change. Words of messages, of which whoever writes makes as many as they
/// like, have a queue and a function of their own.
pub async fn relay(app: &App, changes: &[Change]) -> Result<(), ServiceError> {
    let (mut jobs, mut happened) = (Vec::new(), Vec::new());
    let mut totals: BTreeMap<WorkspaceId, Vec<TotalsChange>> = BTreeMap::new();
    for change in changes {
        let (old, new) = (change.old.as_ref(), change.new.as_ref());
        jobs.extend(work(old, new));
        jobs.extend(index_jobs(old, new));
        happened.extend(events(old, new, change.revision));
        let counted = TotalsChange::between(&change.event_id, old, new);
        if let (Some(entity), Some(counted)) = (new.or(old), counted) {
            totals.entry(entity.workspace_id()).or_default().push(counted);
        }
    }
    // People and mail first, numbers after.
    app.queues.put(&merged(jobs)).await?;
    let of_rules = rule_jobs(app, &happened, changes).await?;
    publish(app, happened).await?;
    app.queues.put(&of_rules).await?;
    for (workspace, changes) in totals {
        let now_unix_seconds = app.now().unix_seconds();
        until_settled(app, || async { Ok(app.store.count_changes(workspace, &changes, now_unix_seconds).await?) })
            .await?;
    }
    enter_lists(app, changes).await
}
