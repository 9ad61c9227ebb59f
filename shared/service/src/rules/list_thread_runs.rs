//! What rules did in a conversation.

use actionlayer_domain::{Thread, rule::RuleRun};
use futures_util::future::try_join_all;

use crate::{App, Caller, ServiceError, permission::Require as _};

/// What rules did in the last 30 days at what happened in a thread and in those that were merged into it, newest first, up
/// to `limit`. For a thread that the caller sees, and callers who see the workspace's rules.
pub async fn list_thread_runs(
    app: &App,
    caller: &Caller,
    thread: &Thread,
    limit: u16,
) -> Result<Vec<RuleRun>, ServiceError> {
    caller.require_unbound()?;
    let now = app.now();
    let ids = std::iter::once(thread.id).chain(thread.linked_thread_ids.iter().copied());
    let read = ids.map(|id| app.store.rule_runs_in_thread(caller.workspace_id, id, now, limit));
    let mut runs: Vec<RuleRun> = try_join_all(read).await?.into_iter().flatten().collect();
    runs.sort_by_key(|run| std::cmp::Reverse((run.event.at, run.rule_id)));
    runs.truncate(usize::from(limit));
    Ok(runs)
}
