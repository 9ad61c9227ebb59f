//! The mails that rules write to the people of a workspace.

use actionlayer_domain::{
    HeaderText, Rule,
    rule::{RuleRun, SwitchOffReason, SwitchedOff, ThreadThen},
};
use askama::Template;

use crate::legible::{line, moment};

#[derive(Template)]
#[template(path = "rule_off_mail.txt")]
struct RuleOff<'a> {
    name: &'a str,
    at: &'a str,
    is_runaway: bool,
    last_error: Option<&'a str>,
    rule_url: &'a str,
    api_url: &'a str,
}

#[derive(Template)]
#[template(path = "rule_notice_mail.txt")]
struct RuleNotice<'a> {
    name: &'a str,
    happened: &'a str,
    subject: &'a str,
    thread_url: &'a str,
}

/// Subject and text of the mail about a rule that was switched off by itself. `public_url` is where the deployment is reached,
/// without a trailing slash.
pub fn rule_off_mail(rule: &Rule, off: SwitchedOff, public_url: &str) -> (HeaderText, String) {
    let text = RuleOff {
        name: &line(rule.name.as_str()),
        at: &moment(off.at),
        is_runaway: off.reason == SwitchOffReason::Runaway,
        last_error: rule.last_error.as_ref().map(|error| error.message.as_str()),
        rule_url: &format!("{public_url}/rules/{}", rule.id),
        api_url: &format!("{public_url}/v1/rules/{}", rule.id),
    };
    // Into a text nothing is written that could fail.
    (HeaderText::sanitize("A rule was switched off"), text.render().unwrap_or_default())
}

/// Subject and text of the mail that a rule with the action `notify` asks for.
pub fn rule_notice_mail(run: &RuleRun, thread: &ThreadThen, public_url: &str) -> (HeaderText, String) {
    let name = line(run.rule_name.as_str());
    let text = RuleNotice {
        name: &name,
        happened: run.event.trigger.as_str(),
        subject: &line(&thread.subject),
        thread_url: &format!("{public_url}/threads/{}", run.event.thread_id),
    };
    (HeaderText::sanitize(&format!("Please look: {name}")), text.render().unwrap_or_default())
}

/// The same in one sentence, for a channel. Says nothing that a sender wrote.
pub fn rule_notice_sentence(run: &RuleRun, public_url: &str) -> String {
    format!(
        "The rule “{}” asks you to look at a thread, after {}: {public_url}/threads/{}",
        line(run.rule_name.as_str()),
        run.event.trigger.as_str(),
        run.event.thread_id
    )
}
