//! What the bettors of all stories have asked for: every key that was sent, and the bets that were named in answer to it.
//! Accounts have ids of their own in every story, so that one list serves them all.

use std::{
    collections::{HashMap, HashSet},
    sync::{LazyLock, Mutex, MutexGuard},
};

use reqwest::RequestBuilder;
use uuid::Uuid;

use super::Reply;

/// Of one account: the bets that each key was answered with.
type Asked = HashMap<Uuid, HashSet<Uuid>>;

static ASKED: LazyLock<Mutex<HashMap<Uuid, Asked>>> = LazyLock::new(Mutex::default);

fn all() -> MutexGuard<'static, HashMap<Uuid, Asked>> {
    ASKED.lock().unwrap()
}

/// Notes that a key is about to be sent.
pub(crate) fn note(account: Uuid, key: Uuid) {
    all().entry(account).or_default().entry(key).or_default();
}

/// Sends a request for a bet, and notes which bet it was answered with, if any.
pub(crate) async fn send(account: Uuid, key: Uuid, request: RequestBuilder) -> Reply {
    note(account, key);
    let reply = Reply::to(request).await;
    let answer: Option<serde_json::Value> = serde_json::from_str(&reply.text).ok();
    let bet = answer.as_ref().and_then(|answer| answer.get("betId")?.as_str()?.parse().ok());
    if let Some(bet) = bet {
        all().entry(account).or_default().entry(key).or_default().insert(bet);
    }
    reply
}

/// The keys of an account, and the bets that each was answered with.
pub(crate) fn of(account: Uuid) -> Asked {
    all().get(&account).cloned().unwrap_or_default()
}
