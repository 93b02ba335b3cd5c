//! Merchants and tokens.

use orderhook_store::{MerchantId, PageRequest, TokenHash, TokenId};
use orderhook_types::Secret;
use sha2::{Digest, Sha256};

use crate::harness::{Harness, ann, at, done, everything};

fn hash(token: &str) -> TokenHash {
    Sha256::digest(token).into()
}

async fn token(harness: &Harness, merchant_id: MerchantId, text: &str) -> TokenId {
    let created = harness
        .store
        .create_token(merchant_id, &ann(), &Secret::from(text), None, at(0))
        .await;
    let (token, secret) = done(created.expect("creates").expect("the merchant exists"));
    assert_eq!(secret.reveal(), text);
    token.token_id
}

#[tokio::test]
async fn a_merchant_is_found_again() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    let other = harness.merchant().await;
    let found = harness
        .store
        .merchant(merchant_id)
        .await
        .expect("reads")
        .expect("exists");
    assert_eq!((&*found.name, found.created_at), ("Acme", at(0)));
    assert_eq!(found.sign_secret.reveal(), "merchant-secret");
    assert_eq!(
        harness.store.merchant(MerchantId(99)).await.expect("reads"),
        None
    );

    let all = harness.store.merchants(everything()).await.expect("lists");
    let ids: Vec<_> = all
        .items
        .iter()
        .map(|merchant| merchant.merchant_id)
        .collect();
    assert_eq!(ids, [merchant_id, other]);
}

#[tokio::test]
async fn a_token_lets_its_person_in() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    let token_id = token(&harness, merchant_id, "right").await;
    let find = async |text| {
        let found = harness.store.find_caller(&hash(text), at(1)).await;
        found.expect("reads")
    };
    for wrong in ["wrong", "", "Right"] {
        assert_eq!(find(wrong).await, None, "{wrong}");
    }
    let caller = find("right").await.expect("is let in");
    assert_eq!(
        (caller.merchant_id, caller.token_id),
        (merchant_id, token_id)
    );
    assert_eq!(caller.operator, ann());
}

#[tokio::test]
async fn a_revoked_token_lets_nobody_in() {
    let harness = Harness::open().await;
    let (mine, others) = (harness.merchant().await, harness.merchant().await);
    let token_id = token(&harness, mine, "mine").await;
    let find = async || {
        let found = harness.store.find_caller(&hash("mine"), at(1)).await;
        found.expect("reads").is_some()
    };
    let revoke = async |merchant_id, token_id, now| {
        let revoked = harness.store.revoke_token(merchant_id, token_id, now).await;
        revoked.expect("revokes").map(|token| token.revoked_at)
    };
    assert_eq!(revoke(others, token_id, at(1)).await, None);
    assert_eq!(revoke(mine, TokenId(99), at(1)).await, None);
    assert!(find().await);
    assert_eq!(revoke(mine, token_id, at(1)).await, Some(Some(at(1))));
    assert!(!find().await);
    // A second time changes nothing.
    assert_eq!(revoke(mine, token_id, at(5)).await, Some(Some(at(1))));
}

#[tokio::test]
async fn tokens_are_listed_by_merchant() {
    let harness = Harness::open().await;
    let (mine, others) = (harness.merchant().await, harness.merchant().await);
    let first = token(&harness, mine, "a").await;
    token(&harness, others, "b").await;
    let last = token(&harness, mine, "c").await;
    let newest_first = PageRequest {
        ascending: false,
        ..everything()
    };
    let listed = harness
        .store
        .tokens(mine, newest_first)
        .await
        .expect("lists");
    let ids: Vec<_> = listed
        .expect("exists")
        .items
        .iter()
        .map(|t| t.token_id)
        .collect();
    assert_eq!(ids, [last, first]);
    let none = harness.store.tokens(MerchantId(99), everything()).await;
    assert_eq!(none.expect("lists"), None);
    let none = harness
        .store
        .create_token(MerchantId(99), &ann(), &Secret::from("d"), None, at(0))
        .await;
    assert_eq!(none.expect("answers"), None);
}

#[tokio::test]
async fn operators_have_tokens_of_their_own() {
    let harness = Harness::open().await;
    let store = &harness.store;
    let created = store
        .create_operator_token("ops", &hash("ops"), at(1))
        .await
        .expect("creates");
    let find = async |text| {
        let found = store.find_operator_token(&hash(text), at(2)).await;
        found.expect("reads").map(|token| token.name)
    };
    assert_eq!(find("ops").await.as_deref(), Some("ops"));
    assert_eq!(find("other").await, None);
    let caller = store.find_caller(&hash("ops"), at(2)).await.expect("reads");
    assert_eq!(caller, None);

    let revoked = store
        .revoke_operator_token(created.token_id, at(3))
        .await
        .expect("revokes");
    assert_eq!(revoked.expect("exists").revoked_at, Some(at(3)));
    assert_eq!(find("ops").await, None);
    let none = store
        .revoke_operator_token(TokenId(99), at(3))
        .await
        .expect("answers");
    assert_eq!(none, None);
    let listed = store.operator_tokens().await.expect("lists");
    assert_eq!((listed.len(), listed[0].revoked_at), (1, Some(at(3))));
}
