//! `RulesQueue`: the rules that wait for an event are considered once, and each that matches is carried out once.
//!
//! What rules come to is decided at one state of things and kept ([`Occasion`]): whatever is tried again, a later rule does not
//! see what an earlier one changed. Each rule that matched then has a run of its own, and each of its actions a claim under
//! which it has its effect, so that a worker that dies in between leaves nothing out and does nothing twice.

use actionlayer_domain::{
    Rule,
    rule::{self, ActionRun, Occasion, Outcome, RuleRun, SwitchOffReason, Verdict, Withheld},
    work::RuleJob,
};
use actionlayer_store::{CommitError, Row, Transaction, keys};

use crate::{
    App, Caller, ServiceError,
    contention::until_settled,
    rules::{act::act, rule_context::RuleContext},
    workspace::idempotency::Idempotency,
};

/// Does the job. `Err` when a rule could not be carried out for now: then all of it comes again, and those that were are left
/// alone. One rule never keeps another one from being carried out.
pub async fn run_rules(app: &App, job: &RuleJob) -> Result<(), ServiceError> {
    let Some(occasion) = until_settled(app, || occasion(app, job)).await? else { return Ok(()) };
    let mut outcome = Ok(());
    for verdict in occasion.verdicts.iter().filter(|verdict| verdict.outcome == Outcome::Matched) {
        if let Err(error) = carry_out(app, &occasion, verdict).await {
            outcome = outcome.and(Err(error));
        }
    }
    outcome
}

/// What rules come to at the event; none where no rule waits for it.
async fn occasion(app: &App, job: &RuleJob) -> Result<Option<Occasion>, ServiceError> {
    let event = &job.event;
    let known = app.store.rule_occasion(event.workspace_id, event.trigger, event.event_id).await?;
    if let Some(known) = known {
        return Ok(Some(known.value));
    }
    let rules = app.store.rules(event.workspace_id).await?;
    // What happened before a rule was made is none of its business; one that was changed since is another rule.
    let rules: Vec<Rule> = rules.into_iter().map(|row| row.value).filter(|rule| rule.updated_at <= event.at).collect();
    if !rules.iter().any(|rule| rule.active && rule.trigger == event.trigger) {
        return Ok(None);
    }
    let Some(context) = RuleContext::at(app, event, job.thread.clone()).await? else { return Ok(None) };
    let verdicts = rule::verdicts(&rule::run(&rules, event.trigger, &context.facts()));
    let RuleContext { then, contact, .. } = context;
    let occasion = Occasion { event: event.clone(), thread: then, contact, verdicts, considered_at: app.now() };
    let mut transaction = Transaction::new();
    transaction.create(&occasion)?;
    // Of two workers one decides, and the other reads what was decided.
    app.store.commit(transaction).await?;
    Ok(Some(occasion))
}

/// Carries a rule out, unless it was.
async fn carry_out(app: &App, occasion: &Occasion, verdict: &Verdict) -> Result<(), ServiceError> {
    let Some(begun) = until_settled(app, || begin(app, occasion, verdict)).await? else { return Ok(()) };
    if begun.finished_at.is_some() {
        return Ok(());
    }
    let caller = Caller::rule(occasion.event.workspace_id, begun.rule_id, begun.rule_name.clone());
    let mut results = Vec::with_capacity(begun.actions.len());
    for (i, ActionRun { action, .. }) in begun.actions.iter().enumerate() {
        let idempotency = Idempotency::of_job(rule::claim(begun.rule_id, occasion.event.event_id, i));
        results.push(act(app, &caller, &idempotency, occasion, action).await?);
    }
    until_settled(app, || finish(app, verdict, &begun, &results)).await
}

/// The run of the rule at the event: as it was begun before, or begun now. None when the rule is gone.
async fn begin(app: &App, occasion: &Occasion, verdict: &Verdict) -> Result<Option<RuleRun>, ServiceError> {
    let event = &occasion.event;
    let run_key = keys::rule_run(event.workspace_id, verdict.rule_id, event.event_id);
    if let Some(row) = app.store.get::<RuleRun>(&run_key).await? {
        return Ok(Some(row.value));
    }
    let Some(rule_row) = app.store.get::<Rule>(&keys::rule(event.workspace_id, verdict.rule_id)).await? else {
        return Ok(None);
    };
    let rule = &rule_row.value;
    let now = app.now();
    let run = RuleRun {
        rule_id: rule.id,
        rule_name: rule.name.clone(),
        event: event.clone(),
        actions: rule.actions.iter().map(|action| ActionRun { action: action.clone(), result: None }).collect(),
        withheld: None,
        started_at: now,
        finished_at: None,
    };
    let withheld = |why| RuleRun { withheld: Some(why), finished_at: Some(now), ..run.clone() };
    let mut transaction = Transaction::new();
    if !rule.active || rule.updated_at != verdict.rule_updated_at {
        let run = withheld(Withheld::RuleChanged);
        transaction.create(&run)?;
        app.store.commit(transaction).await?;
        return Ok(Some(run));
    }
    transaction.create(&run)?;
    let counter = transaction.len();
    transaction.count_rule_run(event.workspace_id, rule.id, now);
    match app.store.commit(transaction).await {
        Ok(()) => Ok(Some(run)),
        Err(CommitError::Conflict { failed }) if failed == [counter] => {
            let mut off = rule.clone();
            off.switch_off(SwitchOffReason::Runaway, now);
            let run = withheld(Withheld::Runaway);
            let mut transaction = Transaction::new();
            transaction.create(&run)?.replace(&rule_row, &off)?;
            app.store.commit(transaction).await?;
            Ok(Some(run))
        }
        Err(error) => Err(error.into()),
    }
}

/// Records what became of the actions, and on the rule what went wrong. The approvers are told from the stream, if the rule
/// says so: once it is recorded, and once.
async fn finish(
    app: &App,
    verdict: &Verdict,
    begun: &RuleRun,
    results: &[rule::ActionResult],
) -> Result<(), ServiceError> {
    let workspace = begun.event.workspace_id;
    let (run_key, rule_key) =
        (keys::rule_run(workspace, begun.rule_id, begun.event.event_id), keys::rule(workspace, begun.rule_id));
    let (run_row, rule_row) = tokio::try_join!(app.store.get::<RuleRun>(&run_key), app.store.get::<Rule>(&rule_key))?;
    let Some(run_row) = run_row.filter(|row| row.value.finished_at.is_none()) else { return Ok(()) };
    let mut run = run_row.value.clone();
    for (action, result) in run.actions.iter_mut().zip(results) {
        action.result = Some(result.clone());
    }
    let now = app.now();
    run.finished_at = Some(now);
    let mut transaction = Transaction::new();
    transaction.replace(&run_row, &run)?;
    // What failed was the rule as it was then.
    if let Some(row) = rule_row.filter(|row| row.value.updated_at == verdict.rule_updated_at)
        && let Some(rule) = blamed(&row, &run, now)
    {
        transaction.replace(&row, &rule)?;
    }
    Ok(app.store.commit(transaction).await?)
}

/// The rule with what this run says about it; none where that is no news.
fn blamed(row: &Row<Rule>, run: &RuleRun, now: actionlayer_domain::Timestamp) -> Option<Rule> {
    let mut rule = row.value.clone();
    match run.failure() {
        Some((i, _, message)) => {
            let kind = run.actions.get(i).map_or("", |run| run.action.kind());
            rule.failed(format!("actions[{i}], `{kind}`: {message}"), now);
        }
        None => rule.succeeded(),
    }
    (rule != row.value).then_some(rule)
}
