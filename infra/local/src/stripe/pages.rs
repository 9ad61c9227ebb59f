//! The pages that a browser is sent to, and an overview. Forms, no scripts.

use std::{collections::BTreeMap, fmt::Write as _, sync::Arc};

use axum::{
    Form,
    extract::{Path, State as Shared},
    response::{Html, IntoResponse, Redirect, Response},
};
use http::StatusCode;

use super::{
    Stripe, time,
    world::{PRICES, Subscription, World},
};
use crate::markup::escape;

const STYLE: &str = include_str!("page.css");

fn frame(title: &str, body: &str) -> Html<String> {
    Html(format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width, initial-scale=1\">\
         <link rel=icon href=\"data:,\"><title>{title}</title><style>{STYLE}</style><body><main><p class=badge>Stripe on this machine: no money moves</p>\
         <h1>{title}</h1>{body}</main></body></html>"
    ))
}

fn gone(what: &str) -> Response {
    let body = format!("<p>There is no such {what}, or its time is over. Go back and begin again.</p>");
    (StatusCode::NOT_FOUND, frame("Nothing here", &body)).into_response()
}

fn name_of(price: &str) -> (&'static str, String) {
    let (_, name, cents) = PRICES.into_iter().find(|(known, ..)| *known == price).unwrap_or(("", "?", 0));
    (name, format!("${}.{:02} a month", cents / 100, cents % 100))
}

/// `GET /c/pay/{id}`: a card that works, or one that is declined.
pub(super) async fn checkout(Shared(stripe): Shared<Arc<Stripe>>, Path(id): Path<String>) -> Response {
    shown(&stripe, &id, "").await
}

async fn shown(stripe: &Stripe, id: &str, trouble: &str) -> Response {
    let now = stripe.clock.now_ms() / 1_000;
    let page = stripe.world.read(|world| {
        let is_open = |found: &&super::world::Checkout| found.subscription.is_none() && now < found.expires_at;
        let checkout = world.checkouts.iter().find(|checkout| checkout.id == id).filter(is_open)?;
        let customer = world.customer(&checkout.customer)?;
        let (name, price) = name_of(&checkout.price);
        let who = customer.name.as_deref().unwrap_or(&customer.id);
        let cancel = checkout.cancel_url.as_deref().unwrap_or(&checkout.success_url);
        Some(format!(
            "<p><strong>{name}</strong>, {price}, for {}</p>{trouble}<form method=post>\
             <button name=card value=works>Pay with 4242 4242 4242 4242</button>\
             <button name=card value=declined class=second>Pay with a card that is declined</button></form>\
             <p><a href=\"{}\">Back without paying</a></p>",
            escape(who),
            escape(cancel)
        ))
    });
    match page.await {
        Some(body) => frame("Subscribe", &body).into_response(),
        None => gone("checkout"),
    }
}

/// `POST /c/pay/{id}`.
pub(super) async fn pay(
    Shared(stripe): Shared<Arc<Stripe>>,
    Path(id): Path<String>,
    Form(form): Form<BTreeMap<String, String>>,
) -> Response {
    if form.get("card").map(String::as_str) != Some("works") {
        return shown(&stripe, &id, "<p class=trouble role=alert>Your card was declined. Try another.</p>").await;
    }
    let paid = stripe.change(|world, now| {
        let is_open = |found: &&super::world::Checkout| found.subscription.is_none() && now < found.expires_at;
        let checkout = world.checkouts.iter().find(|checkout| checkout.id == id).filter(is_open)?;
        let back = checkout.success_url.replace("{CHECKOUT_SESSION_ID}", &checkout.id);
        time::begin(world, &id, now)?;
        Some(back)
    });
    match paid.await {
        Ok(Some(back)) => Redirect::to(&back).into_response(),
        Ok(None) => gone("checkout"),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn described(subscription: &Subscription) -> String {
    let (name, price) = name_of(&subscription.price);
    let mut html = format!("<p><strong>{name}</strong>, {price}: {}", escape(&subscription.status));
    if subscription.cancel_at_period_end {
        html.push_str(", ends with this period");
    }
    html.push_str("</p>");
    html
}

/// `GET /p/session/{id}`: what a customer can change.
pub(super) async fn portal(Shared(stripe): Shared<Arc<Stripe>>, Path(id): Path<String>) -> Response {
    let page = stripe.world.read(|world| {
        let portal = world.portals.iter().find(|portal| portal.id == id)?;
        let customer = world.customer(&portal.customer)?;
        let mut html = String::new();
        let of_customer = |one: &&Subscription| one.customer == portal.customer && one.status != "canceled";
        for subscription in world.subscriptions.iter().filter(of_customer) {
            html.push_str(&described(subscription));
            _ = write!(html, "<form method=post><input type=hidden name=subscription value={}>", subscription.id);
            for (price, name, _) in PRICES.into_iter().filter(|(price, ..)| *price != subscription.price) {
                _ = write!(html, "<button name=price value={price}>Change to {name}</button>");
            }
            let (act, words) =
                if subscription.cancel_at_period_end { ("resume", "Keep it") } else { ("cancel", "Cancel it") };
            _ = write!(html, "<button name=act value={act} class=second>{words}</button></form>");
        }
        if html.is_empty() {
            html.push_str("<p>Nothing is subscribed to.</p>");
        }
        let (card, words) = if customer.card_works {
            ("declined", "Use a card that is declined")
        } else {
            ("works", "Use a card that works")
        };
        _ = write!(html, "<form method=post><button name=card value={card} class=second>{words}</button></form>");
        _ = write!(html, "<p><a href=\"{}\">Back</a></p>", escape(&portal.return_url));
        Some(html)
    });
    match page.await {
        Some(body) => frame("Your subscription", &body).into_response(),
        None => gone("portal"),
    }
}

/// `POST /p/session/{id}`.
pub(super) async fn change(
    Shared(stripe): Shared<Arc<Stripe>>,
    Path(id): Path<String>,
    Form(form): Form<BTreeMap<String, String>>,
) -> Response {
    let changed = stripe.change(|world, now| {
        let customer = world.portals.iter().find(|portal| portal.id == id)?.customer.clone();
        match form.get("card") {
            Some(card) => use_card(world, &customer, card == "works", now),
            None => change_subscription(world, &customer, &form, now)?,
        }
        Some(())
    });
    match changed.await {
        Ok(Some(())) => Redirect::to(&format!("/p/session/{id}")).into_response(),
        Ok(None) => gone("portal"),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// What is overdue is tried with the new card at once.
fn use_card(world: &mut World, customer: &str, works: bool, now: i64) {
    if let Some(known) = world.customers.iter_mut().find(|known| known.id == customer) {
        known.card_works = works;
    }
    let is_overdue = |one: &&Subscription| works && one.customer == customer && one.status == "past_due";
    let overdue: Vec<String> = world.subscriptions.iter().filter(is_overdue).map(|one| one.id.clone()).collect();
    for id in overdue {
        time::settle(world, &id, true, now);
    }
}

fn change_subscription(world: &mut World, customer: &str, form: &BTreeMap<String, String>, now: i64) -> Option<()> {
    let id = form.get("subscription")?;
    let subscription = world.subscription_mut(id).filter(|one| one.customer == customer && one.status != "canceled")?;
    match (form.get("price"), form.get("act").map(String::as_str)) {
        (Some(price), _) if PRICES.iter().any(|(known, ..)| known == price) => subscription.price.clone_from(price),
        (None, Some("cancel")) => subscription.cancel_at_period_end = true,
        (None, Some("resume")) => subscription.cancel_at_period_end = false,
        _ => return None,
    }
    world.tell("customer.subscription.updated", id, now);
    Some(())
}

/// `GET /local/stripe`: who pays, and what was told of it.
pub(super) async fn overview(Shared(stripe): Shared<Arc<Stripe>>) -> Response {
    let body = stripe
        .world
        .read(|world| {
            let mut html = String::new();
            for customer in &world.customers {
                let name = customer.name.as_deref().unwrap_or_default();
                _ = write!(html, "<h2>{} <small>{}</small></h2>", escape(name), customer.id);
                for subscription in world.subscriptions.iter().filter(|one| one.customer == customer.id) {
                    html.push_str(&described(subscription));
                }
            }
            if html.is_empty() {
                html.push_str("<p>Nobody has begun to pay.</p>");
            }
            html.push_str("<h2>Events</h2><ol>");
            for event in world.events.iter().rev() {
                let answered =
                    event.answered.map_or_else(|| "not delivered yet".to_owned(), |status| status.to_string());
                _ = write!(html, "<li>{} <small>{}: {answered}</small></li>", escape(&event.kind), event.id);
            }
            html.push_str("</ol>");
            html
        })
        .await;
    frame("Who pays", &body).into_response()
}
