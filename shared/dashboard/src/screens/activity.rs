//! `/events`, `/suppressions` and `/usage`: what happened, and how much of it.

use std::{collections::BTreeMap, sync::Arc};

use actionlayer_domain::{
    Caller, SuppressionId, Timestamp,
    event::{Event, EventType},
};
use actionlayer_pages::{
    dashboard::Section,
    screens::{
        Problem,
        events::{EventList, events},
        suppressions::suppressions,
        usage::{Day, Outcomes, Used, usage},
    },
};
use actionlayer_service::{
    App, ServiceError,
    billing::get_subscription::get_subscription,
    contacts::suppressions::{SuppressionName, delete_suppression, list_suppressions},
    events::list_events::list_events,
};
use actionlayer_store::PageRequest;
use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
    routing::{get, post},
};

use super::{
    answer::{self, access, failed, page_request, refused},
    form::Asked,
};
use crate::{SignedIn, accounts::told};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/events", get(list))
        .route("/suppressions", get(off_limits))
        .route("/suppressions/{id}/delete", post(take_off))
        .route("/usage", get(used))
}

async fn list(State(app): State<Arc<App>>, visitor: SignedIn, asked: Asked) -> Response {
    let kind = EventType::ALL.into_iter().find(|kind| kind.as_str() == asked.text("type"));
    let request = page_request(&asked);
    match list_events(&app, &visitor.caller, kind, None, &request).await {
        Ok(page) => {
            let view = EventList {
                events: &page.items,
                kind,
                cursor: request.cursor.as_deref(),
                next_cursor: page.next_cursor.as_deref(),
                now: app.now(),
            };
            answer::page(&visitor, StatusCode::OK, &events(view))
        }
        Err(error) => failed(&visitor, Section::Events, &error),
    }
}

async fn off_limits(State(app): State<Arc<App>>, visitor: SignedIn, asked: Asked) -> Response {
    off_limits_page(&app, &visitor, &asked, StatusCode::OK, None).await
}

async fn off_limits_page(
    app: &App,
    visitor: &SignedIn,
    asked: &Asked,
    status: StatusCode,
    problem: Option<Problem>,
) -> Response {
    let request = page_request(asked);
    match list_suppressions(app, &visitor.caller, request.clone()).await {
        Ok(page) => {
            let (cursor, next) = (request.cursor.as_deref(), page.next_cursor.as_deref());
            let screen = suppressions(&page.items, cursor, next, access(visitor), problem, app.now());
            answer::page(visitor, status, &screen)
        }
        Err(error) => failed(visitor, Section::Suppressions, &error),
    }
}

async fn take_off(State(app): State<Arc<App>>, visitor: SignedIn, Path(id): Path<String>, asked: Asked) -> Response {
    let taken = async {
        let id = id.parse::<SuppressionId>().map_err(|_| ServiceError::NotFound { what: "suppression" })?;
        delete_suppression(&app, &visitor.caller, &SuppressionName::Id(id)).await
    };
    match taken.await {
        Ok(()) => told(&app, "/suppressions", "Taken off the list: mail to this address is sent again."),
        Err(error) => {
            let (status, problem) = refused(&error);
            off_limits_page(&app, &visitor, &asked, status, problem).await
        }
    }
}

async fn used(State(app): State<Arc<App>>, visitor: SignedIn) -> Response {
    let read = tokio::try_join!(
        get_subscription(&app, &visitor.caller),
        newest(&app, &visitor.caller, EventType::EmailReceived),
        newest(&app, &visitor.caller, EventType::EmailSent),
        newest(&app, &visitor.caller, EventType::EmailDelivered),
        newest(&app, &visitor.caller, EventType::EmailBounced),
        newest(&app, &visitor.caller, EventType::EmailComplained),
    );
    let (subscription, received, sent, delivered, bounced, complained) = match read {
        Ok(read) => read,
        Err(error) => return failed(&visitor, Section::Usage, &error),
    };
    let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let lists = [&received, &sent, &delivered, &bounced, &complained];
    let first = first_day(&lists, app.now());
    let days = days(&received, &sent, first, app.now());
    let since = |newest: &Newest| newest.at.iter().filter(|at| day(**at) >= first).count();
    let [_, sent, delivered, bounced, complained] = lists.map(since).map(count);
    let view = Used {
        plan: subscription.plan,
        since: subscription.current_period_start,
        until: subscription.current_period_end,
        sent: subscription.emails_sent,
        received: subscription.inbound_received,
        dropped: subscription.inbound_dropped,
        identities: count(subscription.identity_count),
        rules: count(subscription.rule_count),
        domains: count(subscription.domain_count),
        limits: subscription.limits,
        days: &days,
        outcomes: Outcomes { sent, delivered, bounced, complained },
    };
    answer::page(&visitor, StatusCode::OK, &usage(view))
}

/// When mails came or left, of as many as one screen looks at.
struct Newest {
    at: Vec<Timestamp>,
    /// There are older ones, which were not looked at.
    more: bool,
}

/// How many pages of the list of events a chart is made of.
const CHART_PAGES: usize = 5;

async fn newest(app: &App, caller: &Caller, kind: EventType) -> Result<Newest, ServiceError> {
    let mut newest = Newest { at: Vec::new(), more: false };
    let mut cursor = None;
    for _ in 0..CHART_PAGES {
        let request = PageRequest { limit: 100, offset: 0, cursor: cursor.take() };
        let page = list_events(app, caller, Some(kind), None, &request).await?;
        newest.at.extend(page.items.iter().map(|event: &Event| event.at));
        cursor = page.next_cursor;
        newest.more = cursor.is_some();
        if cursor.is_none() {
            break;
        }
    }
    Ok(newest)
}

/// How many days a chart has at most.
const CHART_DAYS: i64 = 30;

const DAY_MS: i64 = 86_400_000;

fn day(at: Timestamp) -> i64 {
    at.unix_ms().div_euclid(DAY_MS)
}

/// The first day of the last thirty whose mails were all looked at.
fn first_day(lists: &[&Newest], now: Timestamp) -> i64 {
    let whole_from = |newest: &&Newest| match newest.at.last() {
        Some(oldest) if newest.more => day(*oldest) + 1,
        _ => i64::MIN,
    };
    let whole = lists.iter().map(whole_from).max().unwrap_or(i64::MIN);
    (day(now) - CHART_DAYS + 1).max(whole).min(day(now))
}

/// The mails of each day from the first on. None when there were no mails at all.
fn days(received: &Newest, sent: &Newest, first: i64, now: Timestamp) -> Vec<Day> {
    if received.at.is_empty() && sent.at.is_empty() {
        return Vec::new();
    }
    let mut counts: BTreeMap<i64, (u64, u64)> = (first..=day(now)).map(|day| (day, (0, 0))).collect();
    for at in &received.at {
        if let Some((received, _)) = counts.get_mut(&day(*at)) {
            *received += 1;
        }
    }
    for at in &sent.at {
        if let Some((_, sent)) = counts.get_mut(&day(*at)) {
            *sent += 1;
        }
    }
    let date = |day: i64| Timestamp::from_unix_ms(day * DAY_MS).date();
    counts.into_iter().map(|(day, (received, sent))| Day { date: date(day), received, sent }).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_chart_has_only_days_that_are_whole() {
        let now: Timestamp = "2026-04-30T14:00:00.000Z".parse().unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let none = Newest { at: Vec::new(), more: false };
        let days = |received: &Newest, sent: &Newest| days(received, sent, first_day(&[received, sent], now), now);
        assert_eq!(days(&none, &none), []);
        let some = Newest { at: vec![at("2026-04-30T01:00:00.000Z"), at("2026-04-28T01:00:00.000Z")], more: false };
        let all = days(&some, &none);
        assert_eq!((all.len(), all[29].received, all[27].received, all[28].received), (30, 1, 1, 0));
        assert_eq!(all[29].date, "2026-04-30");
        let cut = days(&none, &Newest { more: true, ..some });
        assert_eq!((cut.len(), cut[0].date.as_str(), cut[1].sent), (2, "2026-04-29", 1));
    }
}
