//! The mail that says that something was switched off by itself.

use actionlayer_domain::{
    HeaderText, Webhook,
    webhook::{Disabled, DisabledReason},
};
use askama::Template;

use crate::legible::{line, moment};

#[derive(Template)]
#[template(path = "webhook_disabled_mail.txt")]
struct WebhookDisabled<'a> {
    url: &'a str,
    at: &'a str,
    is_gone: bool,
    webhook_url: &'a str,
    api_url: &'a str,
}

/// Subject and text of the mail about a webhook. `public_url` is where the deployment is reached, without a trailing slash.
pub fn webhook_disabled_mail(webhook: &Webhook, disabled: Disabled, public_url: &str) -> (HeaderText, String) {
    let text = WebhookDisabled {
        url: &line(webhook.url.as_str()),
        at: &moment(disabled.at),
        is_gone: disabled.reason == DisabledReason::Gone,
        webhook_url: &format!("{public_url}/webhooks/{}", webhook.id),
        api_url: &format!("{public_url}/v1/webhooks/{}", webhook.id),
    };
    // Into a text nothing is written that could fail.
    (HeaderText::sanitize("A webhook was switched off"), text.render().unwrap_or_default())
}
