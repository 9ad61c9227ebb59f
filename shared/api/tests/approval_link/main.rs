//! What a link of an approval mail does, and above all what it does not.
#![allow(clippy::unwrap_used)]

#[path = "../conventions/app.rs"]
mod app;
mod world;

use actionlayer_domain::{DraftStatus, channel::ApprovalChannel, draft::ActorKind};
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use std::sync::Arc;
use world::{DANA, ERIN, World};

#[tokio::test]
async fn opening_changes_nothing() {
    let world = World::start().await;
    let link = world.link(DANA, 2).await;
    let before = world.draft().await;
    for _ in 0..3 {
        let page = world.get(&link).await;
        assert_eq!(page.status, StatusCode::OK);
        for shown in ["We open at nine.", "When do you open?", "From the web site.", "ada@example.org", "version 2"] {
            assert!(page.body.contains(shown), "{shown}");
        }
        for (name, value) in [
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
            ("x-robots-tag", "noindex"),
            ("content-security-policy", "default-src 'none'"),
            ("x-content-type-options", "nosniff"),
            ("content-type", "text/html"),
        ] {
            assert!(page.headers[name].to_str().unwrap().contains(value), "{name}: {:?}", page.headers[name]);
        }
        let head = world.head(&link).await;
        assert_eq!((head.status, head.body.as_str()), (StatusCode::OK, ""));
    }
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS"] {
        let answer = world.ask(Request::builder().method(method).uri(&link).body(Body::empty()).unwrap()).await;
        assert!(answer.status == StatusCode::METHOD_NOT_ALLOWED || method == "OPTIONS", "{method}");
    }
    assert_eq!(world.draft().await, before);
}

#[tokio::test]
async fn the_first_decision_is_taken_and_told() {
    let world = World::start().await;
    let link = world.link(DANA, 2).await;
    let answer = world.post(&link, "action=approve").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert!(answer.body.contains("You approved version 2"));
    let (draft, _) = world.draft().await;
    assert_eq!(draft.status, DraftStatus::Approved);
    assert_eq!(draft.send_state, None, "approving does not send");
    let by = draft.decided_by.unwrap();
    assert_eq!((by.kind, by.name.as_str()), (ActorKind::Email, DANA));

    let erins = world.link(ERIN, 2).await;
    for answer in [world.post(&erins, "action=reject&reason=no").await, world.get(&erins).await] {
        assert_eq!(answer.status, StatusCode::CONFLICT);
        assert!(answer.body.contains("approved by dana@approvers.test on 2026-04-30 14:00 UTC"), "{}", answer.body);
    }
    assert_eq!(world.draft().await.0.status, DraftStatus::Approved);
}

#[tokio::test]
async fn of_many_at_once_one_decides() {
    let world = Arc::new(World::start().await);
    let links = [world.link(DANA, 2).await, world.link(ERIN, 2).await];
    let mut posts = tokio::task::JoinSet::new();
    for n in 0..20 {
        let (world, link) = (Arc::clone(&world), links[n % 2].clone());
        let form = if n % 3 == 0 { "action=reject&reason=no" } else { "action=approve" };
        posts.spawn(async move { world.post(&link, form).await.status });
    }
    let statuses = posts.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == StatusCode::OK).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == StatusCode::CONFLICT).count(), 19, "{statuses:?}");
}

#[tokio::test]
async fn a_rejection_keeps_its_reason() {
    let world = World::start().await;
    let answer = world.post(&world.link(DANA, 2).await, "action=reject&reason=Too+short%0D%0Aand+rude+").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let (draft, _) = world.draft().await;
    assert_eq!(draft.status, DraftStatus::Rejected);
    assert_eq!(draft.reject_reason.as_deref(), Some("Too short\nand rude"));
}

#[tokio::test]
async fn a_link_of_an_old_version_is_refused() {
    let world = World::start().await;
    let before = world.draft().await;
    let old = world.link(DANA, 1).await;
    for answer in [
        world.get(&old).await,
        world.post(&old, "action=approve").await,
        world.post(&old, "action=approve_and_send").await,
        world.post(&old, "action=reject").await,
    ] {
        assert_eq!(answer.status, StatusCode::CONFLICT);
        assert!(answer.body.contains("There is a newer version"), "{}", answer.body);
    }
    assert_eq!(world.draft().await, before);
}

#[tokio::test]
async fn a_stale_draft_can_only_be_rejected() {
    let world = World::start().await;
    world.change_draft(|draft| assert!(draft.go_stale(draft.created_at))).await;
    let link = world.link(DANA, 2).await;
    let page = world.get(&link).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("This draft is stale") && !page.body.contains("value=\"approve"));
    for form in ["action=approve", "action=approve_and_send"] {
        let answer = world.post(&link, form).await;
        assert_eq!(answer.status, StatusCode::CONFLICT);
        assert!(answer.body.contains("This draft is stale"));
    }
    assert_eq!(world.draft().await.0.status, DraftStatus::Stale);
    assert_eq!(world.post(&link, "action=reject").await.status, StatusCode::OK);
    assert_eq!(world.draft().await.0.status, DraftStatus::Rejected);
}

#[tokio::test]
async fn what_is_no_link_leads_nowhere() {
    let world = World::start().await;
    let link = world.link(DANA, 2).await;
    let forged = format!("{}{}", &link[..link.len() - 1], if link.ends_with('A') { 'B' } else { 'A' });
    let long = format!("{link}AAAA");
    for path in ["/callbacks/email/x", &forged, &long, "/callbacks/email/%2e%2e%2f", "/callbacks/email/%ff"] {
        for answer in [world.get(path).await, world.post(path, "action=approve").await] {
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
            assert!(answer.body.contains("There is nothing behind this link"), "{path}");
        }
    }
    assert_eq!(world.draft().await.0.status, DraftStatus::Pending);
}

#[tokio::test]
async fn a_link_ends_with_its_time() {
    let world = World::start().await;
    let link = world.link(DANA, 2).await;
    world.advance_hours(24);
    for answer in [world.get(&link).await, world.post(&link, "action=approve").await] {
        assert_eq!(answer.status, StatusCode::GONE);
        assert!(answer.body.contains("This link has expired"));
    }
    assert_eq!(world.draft().await.0.status, DraftStatus::Pending);
}

#[tokio::test]
async fn a_draft_that_expired_is_gone() {
    let world = World::start().await;
    world.change_draft(|draft| draft.expires_at = Some(draft.created_at)).await;
    let answer = world.post(&world.link(DANA, 2).await, "action=approve").await;
    assert_eq!(answer.status, StatusCode::GONE);
    assert!(answer.body.contains("This draft has expired"));
}

#[tokio::test]
async fn who_is_not_asked_any_more_cannot_decide() {
    let world = World::start().await;
    let link = world.link(DANA, 2).await;
    let only_erin = vec![ApprovalChannel::Email { to: vec![ERIN.parse().unwrap()] }];
    world.change_identity(|identity| identity.approval_channels = only_erin).await;
    for answer in [world.get(&link).await, world.post(&link, "action=approve").await] {
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert!(!answer.body.contains("We open at nine."), "it is not theirs to read");
    }
    assert_eq!(world.draft().await.0.status, DraftStatus::Pending);
}

#[tokio::test]
async fn a_bad_form_decides_nothing() {
    let world = World::start().await;
    let link = world.link(DANA, 2).await;
    let before = world.draft().await;
    let long = format!("action=reject&reason={}", "a".repeat(1_001));
    for form in ["", "action=", "action=Approve", "action=approve&version=1", "reason=x", "%ff=%ff", &long] {
        let answer = world.post(&link, form).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{form}");
        assert!(answer.body.contains("That form was not complete"));
    }
    let huge = format!("action=approve&reason={}", "a".repeat(4 * 1024 * 1024));
    assert_eq!(world.post(&link, &huge).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let json = Request::post(&link).header(header::CONTENT_TYPE, "application/json").body(Body::from("{}")).unwrap();
    assert_eq!(world.ask(json).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(world.draft().await, before);
}
