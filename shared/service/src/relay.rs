//! What follows from changes of the table. Nothing else publishes.

use actionlayer_domain::{
    event::events,
    work::{merged, work},
};

use crate::{
    App, ServiceError,
    change::Change,
    events::publish::publish,
    rules::queue_rules::rule_jobs,
    threads::index_threads::{enter_lists, index_jobs},
};

/// Queues the work that follows from some changes, and makes known what happened. All or an error; then all of them come
/// again, which does no harm: workers claim before they act, and an event is written once.
///
/// What is done here takes a bounded time for each change. Words of messages, of which whoever writes makes as many as they
/// like, have a queue and a function of their own.
pub async fn relay(app: &App, changes: &[Change]) -> Result<(), ServiceError> {
    let (mut jobs, mut happened) = (Vec::new(), Vec::new());
    for change in changes {
        let (old, new) = (change.old.as_ref(), change.new.as_ref());
        jobs.extend(work(old, new));
        jobs.extend(index_jobs(old, new));
        happened.extend(events(old, new, change.revision));
    }
    // People and mail first.
    app.queues.put(&merged(jobs)).await?;
    let of_rules = rule_jobs(app, &happened, changes).await?;
    publish(app, happened).await?;
    app.queues.put(&of_rules).await?;
    enter_lists(app, changes).await
}
