//! What is promised, as properties of states.

use stateright::{Model, Property};

use crate::{
    state::{Bet, Market, Stake, Standing, State, Told},
    steps::{self, Step},
    world::{BETS, Points, World},
};

/// A promise: its name, and whether a state keeps it.
type Promise = (&'static str, fn(&World, &State) -> bool);

/// The promises that are a matter of order.
pub const PROMISES: [Promise; 10] = [
    ("1: points are moved, never made", sums_to_what_there_was),
    ("2: transfers stay as they are", stakes_stay),
    ("3: nobody owes", nobody_owes),
    ("4: a key has one effect, and what was told stays true", what_was_told_is_true),
    ("5: a stake is taken once and closed once", once),
    ("6: a market ends once, and pays its pool", pays_its_pool),
    ("7: a void gives back each stake, and a market without a winner is void", gives_back),
    ("8: totals are those of the bets", totals_are_of_bets),
    ("9: when nothing is left to do, everything is as it should be", comes_right),
    ("10: no bet stands that was recorded at or after its lock", none_is_late),
];

impl Model for World {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        vec![State::first(self)]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Step>) {
        steps::own(self, state, actions);
        steps::others(self, state, actions);
    }

    fn next_state(&self, before: &State, step: Step) -> Option<State> {
        let after = steps::after(self, before, step);
        (after != *before).then_some(after)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        PROMISES
            .map(|(name, holds)| Property {
                expectation: stateright::Expectation::Always,
                name,
                condition: holds,
            })
            .into()
    }
}

fn sums_to_what_there_was(world: &World, state: &State) -> bool {
    state.ledger.balance + state.ledger.pool == world.points
}

fn stakes_stay(_: &World, state: &State) -> bool {
    state.ledger.stakes.iter().zip(state.ledger.first).all(|(stake, first)| match stake {
        Stake::Taken(outcome) => first == Some(*outcome),
        Stake::Unseen | Stake::Barred => first.is_none(),
    })
}

fn nobody_owes(_: &World, state: &State) -> bool {
    state.ledger.balance >= 0 && state.ledger.pool >= 0
}

fn what_was_told_is_true(_: &World, state: &State) -> bool {
    let is_true = |(told, bet): (&Told, &Option<Bet>)| match (told, bet) {
        (Told::Nothing, _) => true,
        (Told::Accepted(outcome), Some(bet)) => bet.outcome == *outcome && bet.state != Standing::Tombstone,
        (Told::Refused, Some(bet)) => bet.state == Standing::Tombstone,
        (Told::Accepted(_) | Told::Refused, None) => false,
    };
    state.told.iter().zip(&state.betting.bets).all(is_true)
}

fn once(_: &World, state: &State) -> bool {
    let is_once = |bet: usize| {
        let (taken, closed) = state.ledger.moved[bet];
        let stands = state.betting.bets[bet].is_some_and(|bet| bet.state == Standing::Accepted);
        taken <= 1 && closed <= taken && !(stands && closed > 0) && !(stands && taken == 0)
    };
    (0..BETS).all(is_once)
}

fn pays_its_pool(_: &World, state: &State) -> bool {
    let betting = &state.betting;
    let is_settled = betting.market == Market::Settled;
    let won = |bet: usize| {
        betting.bets[bet].filter(|bet| bet.state == Standing::Won).and(state.ledger.closings[bet])
    };
    let paid: Points = (0..BETS).filter_map(won).sum();
    let pool = betting.frozen.map(|(pool, _)| pool);
    betting.ends <= 1 && (!is_settled || pool == Some(paid))
}

fn gives_back(world: &World, state: &State) -> bool {
    let betting = &state.betting;
    let gave = |bet: usize| {
        let is_void = betting.bets[bet].is_some_and(|bet| bet.state == Standing::Void);
        !is_void || state.ledger.closings[bet] == Some(world.stakes[bet])
    };
    let has_winner = betting.frozen.is_some_and(|(_, won)| won > 0);
    match betting.market {
        Market::Void => (0..BETS).all(gave),
        Market::Settling | Market::Settled => has_winner,
        Market::Open | Market::Locked | Market::Voiding => true,
    }
}

fn totals_are_of_bets(world: &World, state: &State) -> bool {
    let counts =
        |bet: &Bet| !matches!(bet.state, Standing::Tombstone | Standing::Cancelled | Standing::Withdrawn);
    let total = |outcome: usize| {
        let of = (0..BETS).filter(|bet| {
            state.betting.bets[*bet].is_some_and(|bet| counts(&bet) && usize::from(bet.outcome) == outcome)
        });
        of.map(|bet| world.stakes[bet]).sum::<Points>()
    };
    state.betting.totals == [total(0), total(1)]
}

/// A state in which the system has nothing to do by itself, whatever may still arrive.
fn comes_right(world: &World, state: &State) -> bool {
    let mut steps = Vec::new();
    steps::own(world, state, &mut steps);
    if !steps.is_empty() || state.betting.owed.iter().any(Option::is_some) {
        return true;
    }
    (0..BETS).all(|bet| {
        let is_taken = matches!(state.ledger.stakes[bet], Stake::Taken(_));
        let (closing, whole) = (state.ledger.closings[bet], Some(world.stakes[bet]));
        match state.betting.bets[bet].map(|bet| bet.state) {
            None => !is_taken,
            Some(Standing::Accepted | Standing::Lost) => is_taken && closing.is_none(),
            Some(Standing::Won) => is_taken && closing.is_some(),
            Some(Standing::Void | Standing::Cancelled | Standing::Withdrawn) => closing == whole,
            Some(Standing::Tombstone) => !is_taken || closing == whole,
        }
    })
}

fn none_is_late(_: &World, state: &State) -> bool {
    let is_counted = matches!(state.betting.market, Market::Settling | Market::Settled);
    let late = |bet: &Bet| {
        let stands = matches!(bet.state, Standing::Accepted | Standing::Won | Standing::Lost);
        stands && (bet.is_doomed || bet.at >= state.betting.lock_at)
    };
    !is_counted || !state.betting.bets.iter().flatten().any(late)
}
