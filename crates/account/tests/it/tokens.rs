//! Access tokens and the keys that sign them.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::TimeDelta;
use futures::future::join_all;
use jsonwebtoken::{
    Algorithm, DecodingKey, TokenData, Validation,
    jwk::{Jwk, JwkSet},
};
use loljoa_account::{AUDIENCE, ISSUER};
use loljoa_proto::account::v1::{GetJwksRequest, Session};
use loljoa_service_kit::Clock;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Service, config, eventually, noon};

async fn jwks(service: &Service) -> JwkSet {
    let answer = service.accounts.clone().get_jwks(GetJwksRequest {}).await.unwrap().into_inner();
    serde_json::from_str(&answer.jwks_json).unwrap()
}

fn kids(set: &JwkSet) -> Vec<&str> {
    set.keys.iter().map(|key| key.common.key_id.as_deref().unwrap()).collect()
}

/// Checks a token as a caller does, apart from its time, which is the test's own.
fn check(token: &str, set: &JwkSet) -> TokenData<Value> {
    let kid = jsonwebtoken::decode_header(token).unwrap().kid.unwrap();
    let key: &Jwk = set.find(&kid).expect("the token's key is published");
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[AUDIENCE]);
    validation.validate_exp = false;
    jsonwebtoken::decode(token, &DecodingKey::from_jwk(key).unwrap(), &validation).unwrap()
}

#[sqlx::test]
async fn a_token_says_who_and_until_when(pool: PgPool) {
    let service = Service::start(&pool).await;
    let session = service.sign_up("Faker").await;
    let set = jwks(&service).await;
    let token = check(&session.access_token, &set);
    let account = session.account.unwrap();
    let now = noon().timestamp();
    assert_eq!(token.header.alg, Algorithm::ES256);
    let expected = json!({
        "iss": "loljoa", "aud": "loljoa-web", "sub": account.account_id, "sid": token.claims["sid"], "username": "Faker", "role": "user",
        "iat": now, "exp": now + 900, "jti": token.claims["jti"],
    });
    assert_eq!(token.claims, expected);
    assert!(!session.refresh_token.contains(token.claims["sid"].as_str().unwrap()));
    let published = serde_json::to_string(&set).unwrap();
    assert!(!published.contains("\"d\""), "the private part stays private");
    service.stop().await;
}

#[sqlx::test]
async fn rotation_logs_nobody_out(pool: PgPool) {
    let service = Service::start(&pool).await;
    let first = service.sign_up("faker").await;
    let refresh = async |session: &Session| service.refresh(&session.refresh_token).await.unwrap();
    let kid = |session: &Session| jsonwebtoken::decode_header(&session.access_token).unwrap().kid.unwrap();

    service.clock.advance(TimeDelta::hours(24) - TimeDelta::seconds(1));
    let last_of_old = refresh(&first).await;
    assert_eq!(kid(&first), kid(&last_of_old));

    service.clock.advance(TimeDelta::seconds(1));
    let first_of_new = refresh(&last_of_old).await;
    assert_ne!(kid(&first), kid(&first_of_new));
    let set = jwks(&service).await;
    check(&last_of_old.access_token, &set);
    check(&first_of_new.access_token, &set);

    service.clock.advance(TimeDelta::hours(24));
    let later = refresh(&first_of_new).await;
    let set = jwks(&service).await;
    check(&later.access_token, &set);
    assert!(!kids(&set).contains(&kid(&first).as_str()), "the first key's last token is dead");
    service.stop().await;
}

#[sqlx::test]
async fn the_next_key_is_published_before_it_signs(pool: PgPool) {
    let clock = Clock::fixed(noon());
    let early = Service::start_with(config(&pool), clock.clone()).await;
    let session = early.sign_up("faker").await;
    clock.advance(TimeDelta::hours(23));
    // A replica that starts now looks at the keys at once; the others do within half a minute.
    let late = Service::start_with(config(&pool), clock.clone()).await;
    let set = eventually(async || Some(jwks(&late).await).filter(|set| set.keys.len() == 2)).await;
    let token = late.refresh(&session.refresh_token).await.unwrap().access_token;
    assert_eq!(jsonwebtoken::decode_header(&token).unwrap().kid.as_deref(), Some(kids(&set)[0]));

    clock.advance(TimeDelta::hours(1));
    let token = late.log_in("faker", crate::harness::PASSWORD, "home").await.unwrap().access_token;
    assert_eq!(jsonwebtoken::decode_header(&token).unwrap().kid.as_deref(), Some(kids(&set)[1]));
    early.stop().await;
    late.stop().await;
}

#[sqlx::test]
async fn replicas_that_start_at_once_make_one_key_and_trust_each_other(pool: PgPool) {
    let clock = Clock::fixed(noon());
    let replicas = join_all((0..4).map(|_| Service::start_with(config(&pool), clock.clone()))).await;
    let sets = join_all(replicas.iter().map(jwks)).await;
    assert!(sets.iter().all(|set| set.keys.len() == 1 && kids(set) == kids(&sets[0])));
    let session = replicas[0].sign_up("faker").await;
    check(&session.access_token, &sets[3]);
    for replica in replicas {
        replica.stop().await;
    }
}

#[sqlx::test]
async fn keys_lie_sealed_in_the_database(pool: PgPool) {
    let service = Service::start(&pool).await;
    service.sign_up("faker").await;
    let sealed: Vec<u8> =
        sqlx::query_scalar("SELECT sealed_private FROM signing_keys").fetch_one(&pool).await.unwrap();
    let private_key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &sealed);
    assert!(private_key.is_err());
    service.stop().await;
}

#[sqlx::test]
async fn another_sealing_key_stops_the_service_with_a_clear_word(pool: PgPool) {
    let service = Service::start(&pool).await;
    service.sign_up("faker").await;
    service.stop().await;
    let mut other = config(&pool);
    other.tokens.sealing_key = BASE64_STANDARD.encode([8; 32]).into();
    let reason = Service::start_with(other, Clock::fixed(noon())).await.failure().await;
    assert!(reason.contains("tokens.sealing_key does not open the stored signing keys"), "{reason}");
}

#[sqlx::test]
async fn a_replica_whose_clock_is_behind_signs_with_the_first_key(pool: PgPool) {
    let ahead = Service::start_with(config(&pool), Clock::fixed(noon())).await;
    ahead.sign_up("faker").await;
    let behind = Service::start_with(config(&pool), Clock::fixed(noon() - TimeDelta::seconds(2))).await;
    let session = behind.sign_up("keria").await;
    check(&session.access_token, &jwks(&ahead).await);
    ahead.stop().await;
    behind.stop().await;
}

#[sqlx::test]
async fn a_removed_key_signs_and_is_published_no_more_as_soon_as_anybody_asks(pool: PgPool) {
    let service = Service::start(&pool).await;
    let session = service.sign_up("faker").await;
    let before = service.revocations(None).await.key_ids;
    assert_eq!(before, kids(&jwks(&service).await));
    sqlx::query("DELETE FROM signing_keys WHERE kid = $1").bind(&before[0]).execute(&pool).await.unwrap();

    assert!(!service.revocations(None).await.key_ids.contains(&before[0]));
    let set = jwks(&service).await;
    assert!(!kids(&set).contains(&before[0].as_str()));
    check(&service.refresh(&session.refresh_token).await.unwrap().access_token, &set);
    service.stop().await;
}
