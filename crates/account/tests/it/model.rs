//! Random batches, decided by the service and by a naive model that applies one transfer after the other.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use loljoa_proto::account::v1::{
    BetResult, RecordResultsRequest, Transfer, TransferKind, TransferOutcome as Outcome,
};
use loljoa_service_kit::{AccountId, MarketId};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use sqlx::PgPool;
use tokio::{runtime::Handle, task};

use crate::harness::{Bet, Service, assert_ledger_is_clean, gift, give};

const CASES: u32 = 48;
const ACCOUNTS: usize = 3;
const BETS: usize = 6;

/// What a model transfer does with one of the case's bets.
#[derive(Clone, Debug)]
enum Step {
    Stake { bet: usize, other_request: bool },
    Close { bet: usize, kind: TransferKind, points: i64 },
    Refund { bet: usize, kind: TransferKind },
    Correct { bet: usize, points: i64 },
}

#[derive(Clone, Debug)]
enum Round {
    Transfers(Vec<Step>),
    /// The house gives an account points, which nobody can ask it for.
    Give {
        account: usize,
        points: i64,
    },
    Results(Vec<(usize, i64)>),
}

fn step() -> impl Strategy<Value = Step> {
    let refund =
        prop_oneof![Just(TransferKind::Cancel), Just(TransferKind::Void), Just(TransferKind::Tombstone)];
    let closing = prop_oneof![Just(TransferKind::Payout), refund.clone()];
    prop_oneof![
        6 => (0..BETS, prop::bool::weighted(0.2)).prop_map(|(bet, other_request)| Step::Stake { bet, other_request }),
        2 => (0..BETS, closing, 1..700_i64).prop_map(|(bet, kind, points)| Step::Close { bet, kind, points }),
        3 => (0..BETS, refund).prop_map(|(bet, kind)| Step::Refund { bet, kind }),
        2 => (0..BETS, 1..400_i64).prop_map(|(bet, points)| Step::Correct { bet, points }),
    ]
}

fn case() -> impl Strategy<Value = (Vec<i64>, Vec<Round>)> {
    // Stakes alone, each once: the batch that most batches are.
    let stakes =
        prop::sample::subsequence((0..BETS).collect::<Vec<_>>(), 1..=BETS).prop_shuffle().prop_map(|bets| {
            let stake = |bet| Step::Stake { bet, other_request: false };
            Round::Transfers(bets.into_iter().map(stake).collect())
        });
    // Closings alone, of each bet one: what a settlement or a void pays.
    let closing = prop_oneof![
        (Just(TransferKind::Payout), 1..700_i64).prop_map(|(kind, points)| (kind, Some(points))),
        prop_oneof![Just(TransferKind::Void), Just(TransferKind::Cancel)].prop_map(|kind| (kind, None)),
    ];
    let closings = (
        prop::sample::subsequence((0..BETS).collect::<Vec<_>>(), 1..=BETS),
        prop::collection::vec(closing, BETS),
    )
        .prop_map(|(bets, closings)| {
            let steps = bets.into_iter().zip(closings).map(|(bet, (kind, points))| match points {
                Some(points) => Step::Close { bet, kind, points },
                None => Step::Refund { bet, kind },
            });
            Round::Transfers(steps.collect())
        });
    let rounds = prop_oneof![
        3 => prop::collection::vec(step(), 1..12).prop_map(Round::Transfers),
        2 => stakes,
        2 => closings,
        1 => prop::collection::vec((0..BETS, 0..700_i64), 1..4).prop_map(Round::Results),
        1 => (0..ACCOUNTS - 1, 1..400_i64).prop_map(|(account, points)| Round::Give { account, points }),
    ];
    (prop::collection::vec(100..800_i64, BETS), prop::collection::vec(rounds, 1..6))
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Balance {
    points: i64,
    staked: i64,
    profit: i64,
}

/// The ledger as a person would keep it.
#[derive(Default)]
struct Model {
    balances: HashMap<String, Balance>,
    applied: HashMap<String, Transfer>,
    closed: HashSet<String>,
    voided: HashSet<String>,
    /// By market: what the pool holds, and what the house may pay beside it.
    pools: HashMap<String, (i64, i64)>,
    refused: HashSet<String>,
    settled: HashSet<String>,
}

impl Model {
    fn apply(&mut self, transfer: &Transfer) -> Outcome {
        let Some(mut balance) = self.balances.get(&transfer.account_id).copied() else {
            return Outcome::UnknownAccount;
        };
        if let Some(known) = self.applied.get(&transfer.transfer_id) {
            return if known == transfer { Outcome::AlreadyApplied } else { Outcome::Conflict };
        }
        let stake = self.applied.get(&transfer.closes_transfer_id);
        let (mut pool, mut cover) = self.pools.get(&transfer.market_id).copied().unwrap_or_default();
        match transfer.kind() {
            TransferKind::Stake if self.refused.contains(&transfer.transfer_id) => {
                return Outcome::StakeRevoked;
            }
            TransferKind::Stake if balance.points < transfer.points => return Outcome::InsufficientPoints,
            TransferKind::Stake => {
                balance.points -= transfer.points;
                balance.staked += transfer.points;
                pool += transfer.points;
                cover += transfer.points;
            }
            kind => {
                let Some(stake) = stake else {
                    self.refused.insert(transfer.closes_transfer_id.clone());
                    return Outcome::StakeMissing;
                };
                if kind == TransferKind::Correction {
                    let has_ended =
                        self.settled.contains(&transfer.bet_id) || self.voided.contains(&stake.transfer_id);
                    if !has_ended {
                        return Outcome::Conflict;
                    } else if transfer.points > cover {
                        return Outcome::LimitExceeded;
                    }
                    balance.profit += transfer.points;
                    cover -= transfer.points;
                } else if self.closed.contains(&stake.transfer_id) {
                    return Outcome::Conflict;
                } else if kind != TransferKind::Payout {
                    if stake.points != transfer.points || self.settled.contains(&transfer.bet_id) {
                        return Outcome::Conflict;
                    }
                    balance.staked -= transfer.points;
                }
                balance.points += transfer.points;
                if kind != TransferKind::Correction {
                    if transfer.points > pool {
                        return Outcome::InsufficientPoints;
                    }
                    pool -= transfer.points;
                    self.closed.insert(stake.transfer_id.clone());
                }
                if kind == TransferKind::Void {
                    self.voided.insert(stake.transfer_id.clone());
                }
            }
        }
        self.pools.insert(transfer.market_id.clone(), (pool, cover));
        self.balances.insert(transfer.account_id.clone(), balance);
        self.applied.insert(transfer.transfer_id.clone(), transfer.clone());
        Outcome::Applied
    }

    /// In the order that the service promises: by account, then as given.
    fn apply_batch(&mut self, batch: &[Transfer]) -> Vec<Outcome> {
        let mut order: Vec<usize> = (0..batch.len()).collect();
        order.sort_by_key(|n| batch[*n].account_id.clone());
        let outcomes: BTreeMap<usize, Outcome> =
            order.into_iter().map(|n| (n, self.apply(&batch[n]))).collect();
        outcomes.into_values().collect()
    }

    fn record(&mut self, bet: Bet, paid: i64) {
        let stake = self.applied.get(&bet.id.stake_transfer().to_string());
        let closing = self.applied.get(&bet.id.closing_transfer().to_string());
        let refunded = closing.is_some_and(|closing| closing.kind() != TransferKind::Payout);
        if stake.is_none() || refunded || !self.settled.insert(bet.id.to_string()) {
            return;
        }
        let balance = self.balances.get_mut(&bet.account.to_string()).unwrap();
        balance.staked -= bet.stake;
        balance.profit += paid - bet.stake;
    }
}

/// One case: its accounts and bets.
struct Case {
    accounts: Vec<AccountId>,
    bets: Vec<Bet>,
}

impl Case {
    fn transfer(&self, step: &Step) -> Transfer {
        match step {
            Step::Stake { bet, other_request: false } => self.bets[*bet].stake(),
            Step::Stake { bet, other_request: true } => {
                Transfer { fingerprint: b"other".to_vec(), ..self.bets[*bet].stake() }
            }
            Step::Close { bet, kind, points } => self.bets[*bet].close(*kind, *points),
            Step::Refund { bet, kind } => self.bets[*bet].close(*kind, self.bets[*bet].stake),
            Step::Correct { bet, points } => self.bets[*bet].correction(*points),
        }
    }
}

async fn check(pool: &PgPool, service: &Service, number: u32, stakes: Vec<i64>, rounds: Vec<Round>) {
    let mut model = Model::default();
    let mut accounts = Vec::new();
    for n in 0..ACCOUNTS - 1 {
        let account = service.account(&format!("bettor_{number}_{n}")).await;
        model.balances.insert(account.to_string(), Balance { points: 1_000, ..Balance::default() });
        accounts.push(account);
    }
    accounts.push(AccountId::fresh());
    let market = MarketId::fresh();
    let bets =
        stakes.into_iter().enumerate().map(|(n, stake)| Bet::new(accounts[n % ACCOUNTS], market, stake));
    let case = Case { bets: bets.collect(), accounts };
    for round in rounds {
        match round {
            Round::Transfers(steps) => {
                let batch: Vec<Transfer> = steps.iter().map(|step| case.transfer(step)).collect();
                assert_eq!(service.apply(&batch).await, model.apply_batch(&batch), "{steps:#?}");
            }
            Round::Give { account, points } => {
                let account = case.accounts[account];
                assert_eq!(give(pool, &gift(account, points)).await, Outcome::Applied);
                model.balances.get_mut(&account.to_string()).unwrap().points += points;
            }
            Round::Results(results) => record(service, &mut model, &case.bets, &results).await,
        }
    }
    for account in &case.accounts[..ACCOUNTS - 1] {
        let found = service.look(*account).await;
        let found = Balance { points: found.points, staked: found.staked, profit: found.profit };
        assert_eq!(found, model.balances[&account.to_string()]);
    }
}

async fn record(service: &Service, model: &mut Model, bets: &[Bet], results: &[(usize, i64)]) {
    let message = |(bet, paid): &(usize, i64)| BetResult {
        bet_id: bets[*bet].id.to_string(),
        account_id: bets[*bet].account.to_string(),
        market_id: bets[*bet].market.to_string(),
        staked: bets[*bet].stake,
        paid: *paid,
    };
    let request = RecordResultsRequest { results: results.iter().map(message).collect() };
    service.ledger.clone().record_results(request).await.unwrap();
    for (bet, paid) in results {
        model.record(bets[*bet], *paid);
    }
}

#[sqlx::test]
async fn batches_come_out_as_if_applied_one_by_one(pool: PgPool) {
    let service = Arc::new(Service::start(&pool).await);
    let (shared, database, runtime) = (service.clone(), pool.clone(), Handle::current());
    let cases = move || {
        let number = std::cell::Cell::new(0);
        let mut runner =
            TestRunner::new(Config { cases: CASES, failure_persistence: None, ..Config::default() });
        runner.run(&case(), |(stakes, rounds)| {
            number.set(number.get() + 1);
            runtime.block_on(check(&database, &shared, number.get(), stakes, rounds));
            Ok(())
        })
    };
    task::spawn_blocking(cases).await.unwrap().unwrap();
    assert_ledger_is_clean(&pool).await;
    Arc::into_inner(service).unwrap().stop().await;
}
