//! One bettor who does at random what bettors do, and keeps a diary of what it was told.

use std::sync::Arc;

use loljoa_service_kit::{AccountId, BetId, IdempotencyKey};
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use tokio::sync::watch;
use uuid::Uuid;

use super::{
    Bettor, Reply,
    api::{Bet, Market},
};

/// Refusals that a bettor may meet who does nothing wrong in form.
const LATE_OR_BROKE: [&str; 2] = ["market_locked", "insufficient_points"];

/// What was asked for under a key, and the bet that was answered.
struct Entry {
    key: Uuid,
    market: Market,
    outcome: String,
    stake: i64,
    bet_id: Option<Uuid>,
}

/// Somebody who bets at random.
pub(crate) struct RandomBettor {
    bettor: Bettor,
    random: StdRng,
    diary: Vec<Entry>,
}

impl RandomBettor {
    /// The same seed does the same.
    pub(crate) fn new(bettor: Bettor, seed: u64) -> Self {
        Self { bettor, random: StdRng::seed_from_u64(seed), diary: Vec::new() }
    }

    /// Who it is.
    pub(crate) const fn bettor(&self) -> &Bettor {
        &self.bettor
    }

    /// One deed each time the board changes, until the season ends.
    pub(crate) async fn play(mut self, mut board: watch::Receiver<Arc<Vec<Market>>>) -> Self {
        while board.changed().await.is_ok() {
            let open = Arc::clone(&board.borrow_and_update());
            match self.random.random_range(0..20) {
                0..12 => self.place(&open).await,
                12 => self.stake_too_much(&open).await,
                13..15 => self.repeat().await,
                15 => self.change_a_request().await,
                16 => self.place_twice_at_once(&open).await,
                _ => self.cancel().await,
            }
        }
        self
    }

    fn choose(&mut self, open: &[Market]) -> Option<Entry> {
        let market = open.choose(&mut self.random)?.clone();
        let outcome = market.outcomes.choose(&mut self.random)?.key.clone();
        let [high, low] = self.random.random();
        let stake = 100 + i64::from(u8::min(high, low));
        Some(Entry { key: Uuid::from_u128(self.random.random()), market, outcome, stake, bet_id: None })
    }

    async fn send(&self, entry: &Entry) -> Reply {
        self.bettor.try_bet(entry.key, &entry.market, &entry.outcome, entry.stake).await
    }

    /// A bet of a stake that everybody has, if anything is open.
    pub(crate) async fn place(&mut self, open: &[Market]) {
        let Some(entry) = self.choose(open) else { return };
        let reply = self.send(&entry).await;
        self.note(entry, &reply);
    }

    /// The same request twice at the same time: one bet.
    pub(crate) async fn place_twice_at_once(&mut self, open: &[Market]) {
        let Some(entry) = self.choose(open) else { return };
        let (one, two) = tokio::join!(self.send(&entry), self.send(&entry));
        let stands = |reply: &Reply| (reply.status == 201).then(|| reply.ok::<Bet>().bet_id);
        if let (Some(one), Some(two)) = (stands(&one), stands(&two)) {
            assert_eq!(one, two, "one key is one bet");
        }
        let told = if one.status == 201 { &one } else { &two };
        self.note(entry, told);
    }

    fn note(&mut self, mut entry: Entry, reply: &Reply) {
        if reply.status == 201 {
            let bet: Bet = reply.ok();
            assert_eq!((bet.market_id, bet.stake), (entry.market.market_id, entry.stake));
            assert_eq!(bet.bet_id, self.bet_id(&entry));
            entry.bet_id = Some(bet.bet_id);
        } else {
            self.accept_refusal(reply);
        }
        self.diary.push(entry);
    }

    fn bet_id(&self, entry: &Entry) -> Uuid {
        BetId::of(AccountId(self.bettor.account_id), IdempotencyKey(entry.key)).0
    }

    fn accept_refusal(&self, reply: &Reply) {
        let (status, code) = reply.refusal();
        assert_eq!(status, 409, "{}: {code}", self.bettor.username);
        assert!(LATE_OR_BROKE.contains(&code.as_str()), "{}: {code}", self.bettor.username);
    }

    /// More than anybody has.
    pub(crate) async fn stake_too_much(&mut self, open: &[Market]) {
        let Some(entry) = self.choose(open) else { return };
        let reply = self.send(&Entry { stake: 1_000_000, ..entry }).await;
        self.accept_refusal(&reply);
    }

    /// The same request again: the same bet, however it stands by now.
    pub(crate) async fn repeat(&mut self) {
        let Some(entry) = self.diary.choose(&mut self.random) else { return };
        let reply = self.send(entry).await;
        if let Some(bet_id) = entry.bet_id {
            self.is_the_bet(bet_id, &reply);
        }
    }

    /// Either the bet or, when its stake came too late, the refusal that it met.
    fn is_the_bet(&self, bet_id: Uuid, reply: &Reply) {
        let bet: Bet = reply.ok();
        assert_eq!(bet.bet_id, bet_id);
        assert_eq!(reply.headers.get("idempotent-replayed").unwrap(), "true", "{}", self.bettor.username);
    }

    /// Another request under a used key: a conflict.
    pub(crate) async fn change_a_request(&mut self) {
        let placed: Vec<_> = self.diary.iter().filter(|entry| entry.bet_id.is_some()).collect();
        let Some(entry) = placed.choose(&mut self.random) else { return };
        let reply = self.bettor.try_bet(entry.key, &entry.market, &entry.outcome, entry.stake + 1).await;
        assert_eq!(reply.refusal(), (409, "idempotency_key_reused".to_owned()));
    }

    /// One of the last bets.
    fn recent(&mut self) -> Option<Uuid> {
        let recent: Vec<_> = self.diary.iter().rev().filter_map(|entry| entry.bet_id).take(3).collect();
        recent.choose(&mut self.random).copied()
    }

    /// Takes a bet back if it still can.
    pub(crate) async fn cancel_once(&mut self) {
        let Some(bet_id) = self.recent() else { return };
        let reply = self.bettor.cancel(bet_id).await;
        if reply.status == 200 {
            assert_eq!(reply.ok::<Bet>().state, "cancelled");
        } else {
            assert_eq!(reply.status, 409, "{}", reply.text);
        }
    }

    /// Takes a bet back, twice: whatever is final is told again. What came too late may come in time once the match has been
    /// moved, as a replay on a busy machine moves its matches.
    async fn cancel(&mut self) {
        let Some(bet_id) = self.recent() else { return };
        let first = self.bettor.cancel(bet_id).await;
        let second = self.bettor.cancel(bet_id).await;
        if first.status == 200 {
            assert_eq!(second.ok::<Bet>().state, "cancelled");
            return;
        }
        let (status, code) = first.refusal();
        assert_eq!(status, 409, "{}", first.text);
        match code.as_str() {
            "bet_closed" => assert_eq!(second.refusal(), (409, code)),
            "cancel_window_closed" => assert!([200, 409].contains(&second.status), "{}", second.text),
            _ => panic!("{}", first.text),
        }
    }

    /// After the season, every request of the diary sent again tells the same, and every bet is decided.
    pub(crate) async fn finds_all_as_it_was_told(&self) {
        let bets = self.bettor.bets().await;
        for entry in &self.diary {
            let reply = self.send(entry).await;
            if let Some(bet_id) = entry.bet_id {
                self.is_the_bet(bet_id, &reply);
                let listed = bets.iter().find(|bet| bet.bet_id == bet_id);
                let state = listed.map(|bet| bet.state.as_str());
                assert!(
                    ["won", "lost", "void", "cancelled", "refunded"].map(Some).contains(&state),
                    "{state:?}"
                );
            } else if reply.status != 201 {
                self.accept_refusal(&reply);
            }
        }
        let account = self.bettor.me().await;
        let statement = self.bettor.statement().await;
        assert_eq!(account.points, statement.iter().map(|(_, points)| points).sum::<i64>());
        assert_eq!(account.staked, 0);
    }
}
