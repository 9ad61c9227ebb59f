//! One delivery of a webhook: each try with what was answered, and what is sent.

use actionlayer_channels::legible::lines;
use actionlayer_domain::{
    Timestamp, WebhookDelivery,
    webhook::{DeliveryAnswers, DeliveryFailure},
};
use askama::Template;

use super::{
    Access, Screen,
    webhooks::{Attempt, Delivery, shown},
};
use crate::dashboard::Section;

#[derive(Template)]
#[template(path = "screens/webhook_delivery.html")]
struct Page {
    webhook_id: String,
    delivery: Delivery,
    /// Why it was given up.
    failure: Option<&'static str>,
    /// Each try, the newest first, with the beginning of the answer where there was one.
    attempts: Vec<(Attempt, Option<String>)>,
    access: Access,
}

/// One delivery. An answer is text of a stranger's: it is made legible and escaped, and its length was bounded when it came.
pub fn webhook_delivery(
    delivery: &WebhookDelivery,
    answers: &DeliveryAnswers,
    access: Access,
    now: Timestamp,
) -> Screen {
    let mut view = shown(delivery, now);
    let answers = answers.0.iter().map(Some).chain(std::iter::repeat(None));
    let answered = |answer: Option<&String>| answer.filter(|text| !text.is_empty()).map(|text| lines(text));
    let tried = std::mem::take(&mut view.attempts);
    let mut attempts: Vec<_> = tried.into_iter().zip(answers.map(answered)).collect();
    attempts.reverse();
    let page = Page {
        webhook_id: delivery.webhook_id.to_string(),
        failure: delivery.failure.map(failure_words),
        attempts,
        access,
        delivery: view,
    };
    Screen::of(Section::Webhooks, format!("Delivery of {}", delivery.event.as_str()), &page)
}

const fn failure_words(failure: DeliveryFailure) -> &'static str {
    match failure {
        DeliveryFailure::AttemptsExhausted => "It was given up: eight tries failed.",
        DeliveryFailure::Aborted => "It was given up: the endpoint does not want this event.",
        DeliveryFailure::Gone => "It was given up: the endpoint says that it is gone, so the webhook was switched off.",
        DeliveryFailure::WebhookInactive => "It was given up: the webhook was switched off.",
    }
}
