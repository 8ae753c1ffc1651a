//! The worlds that are looked at: each small enough for all of it, and together with everything that can go wrong.

use crate::world::{Budget, World};

/// All of them, the smallest first.
pub const ALL: [(&str, World); 6] = [
    ("whose refund comes to a ledger that has forgotten the stake", FORGOTTEN),
    ("who says one thing, and then another, and cancels", CONTRADICTORY),
    ("who cancels, and whose market an admin may void", FICKLE),
    ("who bets on both outcomes, and can afford it", RICH),
    ("who can afford one bet of two", POOR),
    ("whose match is moved twice", MOVED),
];

const RICH: World =
    World { points: 3, stakes: [1, 2], outcomes: [0, 1], budget: A_CRASH, voids: false, defect: None };
const POOR: World = World { points: 1, stakes: [1, 1], budget: Budget { repetitions: 1, ..A_CRASH }, ..RICH };
const MOVED: World = World { budget: Budget { attempts: [1, 1], moves: 2, ..A_CRASH }, ..RICH };
const FICKLE: World = World {
    budget: Budget { attempts: [1, 1], cancels: 1, repetitions: 1, crashes: 0, ..A_CRASH },
    voids: true,
    ..RICH
};
const CONTRADICTORY: World = World {
    budget: Budget { attempts: [2, 0], contradictions: 1, cancels: 1, repetitions: 1, ..A_CRASH },
    ..RICH
};
const FORGOTTEN: World =
    World { budget: Budget { attempts: [2, 0], restores: 1, repetitions: 1, ..A_CRASH }, ..RICH };

/// Two requests for the first bet, one for the second, and a crash.
const A_CRASH: Budget = Budget {
    attempts: [2, 1],
    contradictions: 0,
    cancels: 0,
    crashes: 1,
    repetitions: 0,
    moves: 0,
    restores: 0,
};
