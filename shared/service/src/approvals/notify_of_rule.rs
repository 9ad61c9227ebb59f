//! Tells people what a rule wants them to know, and that a rule was switched off by itself.

use actionlayer_channels::rule_mail::{rule_notice_mail, rule_notice_sentence, rule_off_mail};
use actionlayer_domain::{
    Draft, DraftStatus, Identity, Rule,
    rule::{Occasion, RuleRun},
    work::{NotifyJob, NotifyWork, RuleNoticeJob, RuleOffJob, Work},
};
use actionlayer_store::keys;

use crate::{
    App, ServiceError,
    approvals::{
        notice::{Given, Notice, places},
        notify_of_switch_off::tell_owners,
    },
    identities::read_identities::approvers,
    threads::resolve,
};

/// Says that a rule was switched off by itself. `Err` when SES said "not now" to the first mail: it comes again for all.
pub(crate) async fn notify_of_rule_off(app: &App, job: &RuleOffJob) -> Result<(), ServiceError> {
    let key = keys::rule(job.workspace_id, job.disabled_rule_id);
    let Some(rule) = app.store.get::<Rule>(&key).await?.map(|row| row.value) else { return Ok(()) };
    // Switched on again in the meantime.
    let Some(off) = rule.switched_off else { return Ok(()) };
    let (subject, text) = rule_off_mail(&rule, off, &app.settings.public_url);
    tell_owners(app, job.workspace_id, &rule.id.to_string(), &subject, &text).await
}

/// What is to be done because a rule says so: a draft that nobody decided about is asked about again, and of anything else
/// the identity's approvers are told. The draft, if it is to be asked about.
pub(crate) async fn notify_of_rule(app: &App, job: &RuleNoticeJob) -> Result<Option<NotifyJob>, ServiceError> {
    let workspace = job.workspace_id;
    let run_key = keys::rule_run(workspace, job.matched_rule_id, job.event_id);
    let Some(run) = app.store.get::<RuleRun>(&run_key).await?.map(|row| row.value) else { return Ok(None) };
    if let Some(id) = run.event.draft_id
        && let Some(draft) = app.store.get::<Draft>(&keys::draft(workspace, id)).await?
        && draft.value.status == DraftStatus::Pending
    {
        let Draft { workspace_id, id: draft_id, version, .. } = draft.value;
        return Ok(Some(NotifyJob::new(workspace_id, draft_id, version, true)));
    }
    let occasion = app.store.rule_occasion(workspace, run.event.trigger, job.event_id).await?;
    let Some(occasion) = occasion.map(|row| row.value) else { return Ok(None) };
    let Some(thread) = resolve::root(app, workspace, run.event.thread_id).await? else { return Ok(None) };
    let Some(identity) = app.store.identity(workspace, thread.value.identity_id).await? else { return Ok(None) };
    tell(app, &identity.value, &run, &occasion, job).await?;
    Ok(None)
}

/// Mails and posts to the approvers. Whoever could not be told for now is told later, and nobody else again. `Err` when nobody
/// could: the job comes again as it is.
async fn tell(
    app: &App,
    identity: &Identity,
    run: &RuleRun,
    occasion: &Occasion,
    job: &RuleNoticeJob,
) -> Result<(), ServiceError> {
    let (subject, text) = rule_notice_mail(run, &occasion.thread, &app.settings.public_url);
    let sentence = rule_notice_sentence(run, &app.settings.public_url);
    let name = run.event.event_id.to_string();
    let notice = Notice { name, what: "notice", subject, text: &|_| text.clone(), sentence };
    let wanted = |name: &str| job.still_to_tell.is_empty() || job.still_to_tell.iter().any(|still| still == name);
    let people = approvers(&identity.approval_channels).filter(|approver| wanted(approver.as_str()));
    let Given { settled, later, wait_seconds, .. } =
        notice.give(app, identity, people, places(identity).filter(|(_, place)| wanted(place))).await?;
    if later.is_empty() {
        return Ok(());
    }
    if settled.is_empty() && wait_seconds.is_none() {
        return Err(ServiceError::Upstream { service: "approval channel", code: "not_now".to_owned() });
    }
    let rest = Work::Notify(NotifyWork::RuleNotice(RuleNoticeJob { still_to_tell: later, ..job.clone() }));
    Ok(app.queues.put_after(&rest, wait_seconds.unwrap_or_default()).await?)
}
