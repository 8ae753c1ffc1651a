//! Looks at all that can happen.

use stateright::{Checker, HasDiscoveries, Model};

use crate::{Defect, World, worlds};

/// A world that was looked at whole.
#[derive(Clone, Debug)]
pub struct Explored {
    /// Different states.
    pub states: usize,
    /// Promises that are broken somewhere.
    pub broken: Vec<&'static str>,
}

/// How a defect was found.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// In which world.
    pub world: &'static str,
    /// Which promise it breaks.
    pub promise: &'static str,
    /// In how many steps at least.
    pub steps: usize,
}

/// Looks at every state of a world.
#[must_use]
pub fn explore(world: World) -> Explored {
    let checked = world.checker().threads(2).spawn_bfs().join();
    Explored { states: checked.unique_state_count(), broken: checked.discoveries().into_keys().collect() }
}

/// Looks for the first world in which a defect breaks a promise, and for the shortest story of that.
#[must_use]
pub fn find(defect: Defect) -> Option<Found> {
    worlds::ALL.into_iter().find_map(|(name, world)| {
        let (promise, steps) = break_in(world.with(defect))?;
        Some(Found { world: name, promise, steps })
    })
}

fn break_in(world: World) -> Option<(&'static str, usize)> {
    let checked = world.checker().threads(1).finish_when(HasDiscoveries::Any).spawn_bfs().join();
    let stories = checked.discoveries().into_iter();
    stories.map(|(promise, path)| (promise, path.into_actions().len())).min_by_key(|(_, steps)| *steps)
}
