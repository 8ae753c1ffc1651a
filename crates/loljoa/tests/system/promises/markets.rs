//! Promises that betting keeps together with the ledger.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
};

use uuid::Uuid;

use super::{
    Books,
    books::{Bet, Market},
};
use crate::support::asked;

/// However often and at however many replicas a request was sent, its key has one effect: an account has no more bets, and no
/// more stakes were taken from it, than it has sent keys, and every answer to one key named the same bet.
pub(crate) fn promise_4_one_key_has_one_effect(books: &Books) {
    let (mut bets, mut stakes): (HashMap<Uuid, usize>, HashMap<Uuid, usize>) =
        (HashMap::new(), HashMap::new());
    for bet in &books.bets {
        *bets.entry(bet.account_id).or_default() += 1;
    }
    for stake in books.transfers.iter().filter(|transfer| transfer.is_stake()) {
        *stakes.entry(stake.account_id).or_default() += 1;
    }
    for user in &books.users {
        let asked = asked::of(user.account_id);
        let count = |counts: &HashMap<Uuid, usize>| counts.get(&user.account_id).copied().unwrap_or_default();
        let most = asked.len();
        assert!(count(&bets) <= most, "{} bets of {} for {most} keys", count(&bets), user.account_id);
        assert!(count(&stakes) <= most, "{} stakes of {} for {most} keys", count(&stakes), user.account_id);
        for (key, answers) in asked {
            assert!(answers.len() <= 1, "key {key} of {} is answered with {answers:?}", user.account_id);
        }
    }
}

/// The payouts of a settled market are those of the textbook, and sum to its pool.
pub(super) fn promise_6_payouts_equal_the_pool(books: &Books) {
    for market in books.markets.values().filter(|market| market.state == "settled") {
        let decided: Vec<&Bet> = books.bets_on(market.market_id).filter(|bet| bet.counts()).collect();
        assert!(decided.iter().all(|bet| bet.state != "accepted"), "{market:?} is settled with open bets");
        let paid: BTreeMap<i64, i64> =
            decided.iter().filter(|bet| bet.state == "won").map(|bet| (bet.seq, bet.returned)).collect();
        assert_eq!(paid, fair_payouts(market, &decided), "{market:?}");
        assert_eq!(paid.values().sum::<i64>(), decided.iter().map(|bet| bet.stake).sum::<i64>());
    }
}

/// What each winner gets, by the bet's sequence: its share rounded down, and one more point for the largest remainders.
fn fair_payouts(market: &Market, decided: &[&Bet]) -> BTreeMap<i64, i64> {
    let winners = decided.iter().filter(|bet| bet.outcome_id == market.settled_outcome_id);
    let pool: i128 = decided.iter().map(|bet| i128::from(bet.stake)).sum();
    let total: i128 = winners.clone().map(|bet| i128::from(bet.stake)).sum();
    assert!(total > 0, "{market:?} is settled, and nobody won");
    let mut shares: Vec<(i64, i128, i128)> = winners
        .map(|bet| (bet.seq, pool * i128::from(bet.stake) / total, pool * i128::from(bet.stake) % total))
        .collect();
    shares.sort_by_key(|(seq, _, remainder)| (Reverse(*remainder), *seq));
    let mut left_over = pool - shares.iter().map(|(_, points, _)| points).sum::<i128>();
    for (_, points, _) in &mut shares {
        *points += left_over.min(1);
        left_over -= left_over.min(1);
    }
    shares.into_iter().map(|(seq, points, _)| (seq, i64::try_from(points).unwrap())).collect()
}

/// Every bet of a void market got exactly its stake back; and a market on whose result nobody had bet is void.
pub(super) fn promise_7_a_void_returns_each_stake(books: &Books) {
    for market in books.markets.values().filter(|market| market.state == "void") {
        assert!(market.void_reason.is_some());
        for bet in books.bets_on(market.market_id) {
            assert!(["void", "cancelled", "refunded"].contains(&bet.state.as_str()), "{bet:?}");
            assert_eq!(bet.returned, bet.stake, "{bet:?}");
        }
    }
}

/// Every balance, staked points, profit, pool, number of bettors and leader follows from transfers, results and bets.
pub(super) fn promise_8_all_is_rebuilt_from_transfers_and_bets(books: &Books) {
    let mut balances: HashMap<Uuid, i64> = HashMap::new();
    for transfer in &books.transfers {
        *balances.entry(transfer.debit_id).or_default() -= transfer.points;
        *balances.entry(transfer.credit_id).or_default() += transfer.points;
    }
    let of = |id: &Uuid| balances.get(id).copied().unwrap_or_default();
    for user in &books.users {
        let own = || books.bets.iter().filter(|bet| bet.account_id == user.account_id);
        let staked: i64 = own().filter(|bet| bet.state == "accepted").map(|bet| bet.stake).sum();
        let decided = own().filter(|bet| bet.state == "won" || bet.state == "lost");
        let corrected = books.transfers.iter().filter(|transfer| transfer.kind == "correction");
        let corrected: i64 =
            corrected.filter(|correction| correction.account_id == user.account_id).map(|it| it.points).sum();
        let profit: i64 = decided.map(|bet| bet.returned - bet.stake).sum();
        let expected = (of(&user.account_id), staked, profit + corrected);
        assert_eq!((user.balance, user.staked, user.profit), expected, "{}", user.account_id);
    }
    for (id, balance) in &books.system {
        assert_eq!(*balance, of(id), "system account {id}");
    }
    pools_are_rebuilt(books);
}

fn pools_are_rebuilt(books: &Books) {
    for market in books.markets.values().filter(|market| market.state != "void") {
        let pool: i64 = books.bets_on(market.market_id).filter(|bet| bet.counts()).map(|bet| bet.stake).sum();
        assert_eq!(market.pool, pool, "{market:?}");
    }
    for outcome in &books.outcomes {
        if books.markets[&outcome.market_id].state == "void" {
            continue;
        }
        let mut stakes: HashMap<Uuid, (i64, i64)> = HashMap::new();
        let bets = books.bets_on(outcome.market_id).filter(|bet| bet.counts());
        for bet in bets.filter(|bet| bet.outcome_id == Some(outcome.outcome_id)) {
            let (stake, since) = stakes.entry(bet.account_id).or_insert((0, bet.seq));
            *stake += bet.stake;
            *since = bet.seq.min(*since);
        }
        let pool: i64 = stakes.values().map(|(stake, _)| stake).sum();
        let top = stakes.iter().max_by_key(|(_, (stake, since))| (*stake, Reverse(*since)));
        let top = top.map_or((None, 0), |(account_id, (stake, _))| (Some(*account_id), *stake));
        assert_eq!(outcome.pool, pool, "{outcome:?}");
        assert_eq!(outcome.bettors, i64::try_from(stakes.len()).unwrap(), "{outcome:?}");
        assert_eq!((outcome.top_account_id, outcome.top_stake), top, "{outcome:?}");
    }
}

/// Nothing is owed, every stake became a bet, every decided bet is a result of the account, and the pool of a market
/// that is over is empty.
pub(super) fn promise_9_both_sides_reached_one_state(books: &Books) {
    assert_eq!(books.owed, 0);
    let decided = books.bets.iter().filter(|bet| bet.state == "won" || bet.state == "lost");
    let decided: BTreeMap<_, _> = decided.map(|bet| (bet.bet_id, (bet.stake, bet.returned))).collect();
    let results: BTreeMap<_, _> =
        books.results.iter().map(|result| (result.bet_id, (result.staked, result.paid))).collect();
    assert_eq!(results, decided);
    for market in books.markets.values() {
        let held = books.system.get(&market.market_id).copied().unwrap_or_default();
        let over = market.state == "settled" || market.state == "void";
        assert_eq!(held, if over { 0 } else { market.pool }, "{market:?}");
    }
}
