//! Who bets meanwhile.

use futures::future::join_all;
use rand::{RngExt, SeedableRng, rngs::StdRng};

use crate::support::{App, RandomBettor, api::Market};

const BETTORS: usize = 6;
const POINTS: i64 = 100_000;

/// Some bettors, each with dice of its own.
pub(super) struct Crowd(Vec<(RandomBettor, StdRng)>);

impl Crowd {
    /// How many they are.
    pub(super) const SIZE: usize = BETTORS;

    /// The same seed does the same, as far as the markets are the same.
    pub(super) async fn gather(app: &App, seed: u64) -> Self {
        let gather = |one: usize| async move {
            let bettor = app.sign_up(&format!("bettor_{one}")).await;
            app.fund(bettor.account_id, POINTS).await;
            let seed = seed ^ (u64::try_from(one).unwrap() + 1) << 32;
            (RandomBettor::new(bettor, seed), StdRng::seed_from_u64(seed))
        };
        Self(join_all((0..BETTORS).map(gather)).await)
    }

    /// Each does so much about what was open a moment ago.
    pub(super) async fn act(&mut self, open: &[Market], deeds: usize) {
        join_all(self.0.iter_mut().map(|(bettor, dice)| async move {
            for _ in 0..deeds {
                match dice.random_range(0..20) {
                    0..13 => bettor.place(open).await,
                    13 => bettor.stake_too_much(open).await,
                    14 => bettor.repeat().await,
                    15 => bettor.change_a_request().await,
                    16 => bettor.place_twice_at_once(open).await,
                    _ => bettor.cancel_once().await,
                }
            }
        }))
        .await;
    }

    /// Once all is over, each finds what it was told.
    pub(super) async fn finds_all_as_it_was_told(&self) {
        join_all(self.0.iter().map(|(bettor, _)| bettor.finds_all_as_it_was_told())).await;
    }
}
