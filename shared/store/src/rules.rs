//! Events that rules were considered for, and rules that were carried out.

use actionlayer_domain::{
    EventId, RuleId, ThreadId, Timestamp, WorkspaceId,
    rule::{MAX_RUNS_A_MINUTE, Occasion, RUN_LIFETIME, RuleRun, Trigger},
};
use aws_sdk_dynamodb::operation::query::QueryInput;

use crate::{
    Page, PageRequest, Record, Row, Store, StoreError, Transaction,
    events::{alive_from, first_id_of, months},
    keys::{self, Index, IndexEntry, Key},
    record::{row, s},
    transaction::Below,
};

/// `BatchGetItem` takes so many keys.
const BATCH: usize = 100;
const COUNTER_KIND: &str = "rule_runs";
const COUNTER: &str = "runs";
/// A minute's counter is of no use after it.
const COUNTER_LIFETIME_SECONDS: i64 = 3_600;

impl Record for Occasion {
    const KIND: &'static str = "rule_occasion";
    type Body = ();

    fn key(&self) -> Key {
        keys::rule_occasion(self.event.workspace_id, self.event.trigger, self.event.event_id)
    }

    fn ttl_unix_seconds(&self) -> Option<i64> {
        Some(self.event.at.after(RUN_LIFETIME).unix_seconds())
    }
}

impl Record for RuleRun {
    const KIND: &'static str = "rule_run";
    type Body = ();

    fn key(&self) -> Key {
        keys::rule_run(self.event.workspace_id, self.rule_id, self.event.event_id)
    }

    fn indexes(&self) -> Vec<IndexEntry> {
        let of_thread = keys::rule_runs_of_thread(self.event.workspace_id, self.event.thread_id);
        vec![IndexEntry::new(Index::Owner, of_thread, keys::by_time(self.event.at, self.rule_id))]
    }

    fn ttl_unix_seconds(&self) -> Option<i64> {
        Some(self.event.at.after(RUN_LIFETIME).unix_seconds())
    }
}

impl Transaction {
    /// Counts a run of a rule in its minute, if the minute has room for it.
    pub fn count_rule_run(&mut self, workspace: WorkspaceId, rule: RuleId, now: Timestamp) -> &mut Self {
        let below = Below {
            counter: COUNTER.to_owned(),
            bound: i64::from(MAX_RUNS_A_MINUTE),
            ttl_unix_seconds: Some(now.unix_seconds() + COUNTER_LIFETIME_SECONDS),
        };
        let key = keys::rule_runs_of_minute(workspace, rule, now.unix_seconds() / 60);
        self.add_one_below(key, COUNTER_KIND, below)
    }
}

impl Store {
    /// What rules came to at an event, if any were considered.
    pub async fn rule_occasion(
        &self,
        workspace: WorkspaceId,
        trigger: Trigger,
        event: EventId,
    ) -> Result<Option<Row<Occasion>>, StoreError> {
        self.get(&keys::rule_occasion(workspace, trigger, event)).await
    }

    /// The events of the last 30 days that rules with this trigger were considered for, newest first.
    pub async fn list_rule_occasions(
        &self,
        workspace: WorkspaceId,
        trigger: Trigger,
        now: Timestamp,
        page: &PageRequest,
    ) -> Result<Page<Occasion>, StoreError> {
        let alive_from = alive_from(now);
        let months = months(alive_from, now).into_iter();
        let occasions =
            |month: String| (keys::rule_occasions_of_month(workspace, trigger, &month), first_id_of(&month));
        self.newest_first::<Occasion>(workspace, &trigger)
            .in_periods(None, months.map(occasions).collect())
            .since(EventId::earliest(alive_from).to_string())
            .page(page)
            .await
    }

    /// What rules did in the last 30 days at what happened in a thread, newest first, up to `limit`. As of moments ago.
    pub async fn rule_runs_in_thread(
        &self,
        workspace: WorkspaceId,
        thread: ThreadId,
        now: Timestamp,
        limit: u16,
    ) -> Result<Vec<RuleRun>, StoreError> {
        let query = QueryInput::builder()
            .index_name(Index::Owner.name())
            .key_condition_expression("owner_pk = :thread AND owner_sk >= :since")
            .expression_attribute_values(":thread", s(keys::rule_runs_of_thread(workspace, thread)))
            .expression_attribute_values(":since", s(alive_from(now).to_string()))
            .scan_index_forward(false)
            .limit(i32::from(limit));
        let items = self.query(query).await?.items.unwrap_or_default();
        items.into_iter().map(|item| Ok(row::<RuleRun>(item)?.value)).collect()
    }

    /// What a rule did at these events, in no order; those at which it did nothing are left out.
    pub async fn rule_runs(
        &self,
        workspace: WorkspaceId,
        rule: RuleId,
        events: &[EventId],
    ) -> Result<Vec<RuleRun>, StoreError> {
        let keys: Vec<Key> = events.iter().map(|event| keys::rule_run(workspace, rule, *event)).collect();
        let mut runs = Vec::with_capacity(keys.len());
        for chunk in keys.chunks(BATCH) {
            for item in self.batch_get(chunk).await? {
                runs.push(row::<RuleRun>(item)?.value);
            }
        }
        Ok(runs)
    }
}
