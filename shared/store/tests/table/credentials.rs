//! Keys: valid until they are revoked, and not a moment longer.

use actionlayer_domain::{
    ApiKeyId, ApiKeySecret, HeaderText, Role, Timestamp, WorkspaceId, key::ApiKey, rate::RateClass,
};
use actionlayer_store::{CommitError, Transaction};
use std::sync::Arc;

use crate::{
    sample::{at, identity_id, workspace},
    world::World,
};

async fn create(world: &World, workspace_id: WorkspaceId, name: &str) -> (ApiKey, ApiKeySecret) {
    let secret = ApiKeySecret::generate(&*world.entropy);
    let key = ApiKey {
        id: ApiKeyId::generate(at(0), &*world.entropy),
        workspace_id,
        name: HeaderText::sanitize(name),
        prefix: secret.prefix().to_owned(),
        role: Role::Agent,
        identity_ids: vec![identity_id(world)],
        created_at: at(0),
    };
    let mut transaction = Transaction::new();
    transaction.create_api_key(&key, &secret).unwrap();
    world.store.commit(transaction).await.unwrap();
    (key, secret)
}

#[tokio::test]
async fn a_key_opens_its_workspace_and_its_use_is_noted() {
    let world = World::start().await;
    let workspace = workspace(&world);
    let (key, secret) = create(&world, workspace, "agent").await;
    let (unused, _) = create(&world, workspace, "unused").await;
    let opened = world.store.authenticate(&secret, None, at(7)).await.unwrap().unwrap();
    assert_eq!((opened.workspace_id, opened.key_id, opened.role), (workspace, key.id, Role::Agent));
    assert_eq!((opened.name, opened.identity_ids), (key.name.clone(), key.identity_ids.clone()));
    let unknown = ApiKeySecret::generate(&*world.entropy);
    assert_eq!(world.store.authenticate(&unknown, None, at(8)).await.unwrap(), None);
    // Asking for an unknown key leaves none behind.
    assert_eq!(world.store.authenticate(&unknown, None, at(9)).await.unwrap(), None);

    let mut listed = world.store.list_api_keys(workspace).await.unwrap();
    listed.sort_by_key(|(_, used)| used.is_none());
    assert_eq!(listed, [(key, Some(at(7))), (unused, None)]);
    let elsewhere = crate::sample::workspace(&world);
    assert_eq!(world.store.list_api_keys(elsewhere).await.unwrap(), []);
}

#[tokio::test]
async fn a_revoked_key_opens_nothing_from_that_moment() {
    let world = Arc::new(World::start().await);
    let workspace = workspace(&world);
    let (key, secret) = create(&world, workspace, "agent").await;
    let elsewhere = crate::sample::workspace(&world);
    assert!(!world.store.revoke_api_key(elsewhere, key.id).await.unwrap());

    // In the middle of its use.
    let users: Vec<_> = (0..8)
        .map(|_| {
            let (world, secret) = (Arc::clone(&world), secret.clone());
            tokio::spawn(
                async move { while world.store.authenticate(&secret, None, at(1)).await.unwrap().is_some() {} },
            )
        })
        .collect();
    assert!(world.store.revoke_api_key(workspace, key.id).await.unwrap());
    assert_eq!(world.store.authenticate(&secret, None, at(2)).await.unwrap(), None);
    for user in users {
        user.await.unwrap();
    }
    assert_eq!(world.store.list_api_keys(workspace).await.unwrap(), []);
    assert!(!world.store.revoke_api_key(workspace, key.id).await.unwrap());
}

#[tokio::test]
async fn of_two_revocations_one_does_it() {
    let world = World::start().await;
    let workspace = workspace(&world);
    let (key, _) = create(&world, workspace, "agent").await;
    let (one, other) =
        tokio::join!(world.store.revoke_api_key(workspace, key.id), world.store.revoke_api_key(workspace, key.id));
    let outcomes = [one, other];
    assert!(outcomes.contains(&Ok(true)));
    assert!(outcomes.iter().all(|o| matches!(o, Ok(_) | Err(CommitError::Conflict { .. }))), "{outcomes:?}");
}

#[tokio::test]
async fn requests_are_counted_by_class_and_minute() {
    let world = World::start().await;
    let (_, secret) = create(&world, workspace(&world), "agent").await;
    let count = async |class, minute: i64| {
        let now = Timestamp::from_unix_ms(minute * 60_000);
        world.store.authenticate(&secret, Some(class), now).await.unwrap().unwrap().requests_in_window
    };
    assert_eq!(count(RateClass::Read, 100).await, 1);
    assert_eq!(count(RateClass::Read, 100).await, 2);
    assert_eq!(count(RateClass::Write, 100).await, 1);
    // Every minute begins anew, also after many; what is past is tidied away without setting anything back.
    for minute in 101..140 {
        assert_eq!(count(RateClass::Read, minute).await, 1);
        assert_eq!(count(RateClass::Read, minute).await, 2);
    }
    assert_eq!(world.store.count_source("here", at(0)).await.unwrap(), 1);
    assert_eq!(world.store.count_source("here", at(0)).await.unwrap(), 2);
    assert_eq!(world.store.count_source("there", at(0)).await.unwrap(), 1);
}
