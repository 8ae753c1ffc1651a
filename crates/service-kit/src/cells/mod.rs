//! Cells: replicas of a service with a database of their own (docs/adr/0041). Where an account or a market lives follows from its
//! id alone, where a name belongs from the name alone, so that nobody keeps a directory.

mod keep;
mod name;
mod slot;

use std::{ops::RangeInclusive, sync::Arc};

use serde::{Deserialize, Serialize};

pub use self::{
    keep::keep_to,
    name::folded,
    slot::{SLOTS, Slot},
};
use crate::config::Problems;

/// The most cells that a service can be spread over.
pub const MOST: u16 = 64;

/// Which cell of its service a replica belongs to. Alone, unless it is told otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cell {
    /// Its place among the cells, from 0.
    pub index: u16,
    /// How many there are.
    pub of: u16,
}

impl Default for Cell {
    fn default() -> Self {
        Self { index: 0, of: 1 }
    }
}

impl Cell {
    /// Whether there is no other.
    #[must_use]
    pub const fn is_alone(&self) -> bool {
        self.of <= 1
    }

    /// What it is called in metrics that would look alike without: its place.
    #[must_use]
    pub fn label(&self) -> String {
        self.index.to_string()
    }

    /// Whether what is in `slot` belongs here.
    #[must_use]
    pub fn owns(&self, slot: Slot) -> bool {
        slot.cell_of(self.of) == self.index
    }

    /// The least and the greatest beginning of the third group of an id that tells one of the slots that belong here.
    #[must_use]
    pub fn id_group(&self) -> [String; 2] {
        let slots = self.slots();
        [slots.start(), slots.end()].map(|slot| format!("8{slot:03x}"))
    }

    /// The slots that belong here, by number.
    #[must_use]
    pub fn slots(&self) -> RangeInclusive<u16> {
        let first = |index: u16| (u32::from(index) * u32::from(SLOTS)).div_ceil(u32::from(self.of.max(1)));
        let number = |slot: u32| u16::try_from(slot).unwrap_or(SLOTS);
        number(first(self.index))..=number(first(self.index.saturating_add(1))).saturating_sub(1)
    }

    /// Reports what cannot be worked with, under `key`, where this stands in its configuration.
    pub fn check(&self, key: &str, problems: &mut Problems) {
        let Self { index, of } = *self;
        let allowed = format!("must be from 1 to {MOST}");
        problems.require((1..=MOST).contains(&of), &format!("{key}.of"), of, &allowed);
        problems.require(index < of, &format!("{key}.index"), index, &format!("must be below {key}.of"));
    }
}

/// One of something for each cell of a service, in their order. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Cells<T>(Arc<[T]>);

impl<T> Cells<T> {
    /// That of the first cell, and those of others in their order.
    #[must_use]
    pub fn with(first: T, others: impl IntoIterator<Item = T>) -> Self {
        Self(std::iter::once(first).chain(others).collect())
    }

    /// That of the cell in which `slot` is.
    #[must_use]
    pub fn at(&self, slot: Slot) -> &T {
        &self.0[usize::from(self.index(slot))]
    }

    /// The place of the cell in which `slot` is.
    #[must_use]
    pub fn index(&self, slot: Slot) -> u16 {
        slot.cell_of(self.count())
    }

    /// That of the first cell.
    #[must_use]
    pub fn first(&self) -> &T {
        &self.0[0]
    }

    /// How many there are, 1 or more.
    #[must_use]
    pub fn count(&self) -> u16 {
        u16::try_from(self.0.len()).unwrap_or(u16::MAX)
    }

    /// That of each cell, in their order.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.0.iter()
    }

    /// One of something else for each cell.
    #[must_use]
    pub fn map<U>(&self, make: impl FnMut(&T) -> U) -> Cells<U> {
        Cells(self.0.iter().map(make).collect())
    }

    /// The places of `items` by the cell that each belongs to: one list for each cell.
    #[must_use]
    pub fn split<I>(&self, items: &[I], slot: impl Fn(&I) -> Slot) -> Vec<Vec<usize>> {
        let mut places = vec![Vec::new(); self.0.len()];
        for (place, item) in items.iter().enumerate() {
            places[usize::from(self.index(slot(item)))].push(place);
        }
        places
    }
}

impl<'a, T> IntoIterator for &'a Cells<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T> From<T> for Cells<T> {
    fn from(only: T) -> Self {
        Self(Arc::new([only]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_slot_belongs_to_one_cell_and_cells_are_even() {
        for of in [1, 2, 3, 7, MOST] {
            let cells: Vec<_> = (0..of).map(|index| Cell { index, of }).collect();
            for number in 0..SLOTS {
                let slot = Slot::numbered(number);
                let owners: Vec<_> = cells.iter().filter(|cell| cell.owns(slot)).collect();
                assert_eq!(owners.len(), 1, "slot {number} of {of}");
                assert!(owners[0].slots().contains(&number), "slot {number} of {of}");
            }
            let sizes: Vec<_> = cells.iter().map(|cell| cell.slots().len()).collect();
            assert_eq!(sizes.iter().sum::<usize>(), usize::from(SLOTS));
            assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1, "{sizes:?}");
        }
    }

    #[test]
    fn what_is_split_keeps_its_place_and_its_order() {
        let cells = Cells::with('a', ['b']);
        let slots = [0, 4_095, 1, 2_048].map(Slot::numbered);
        assert_eq!(cells.split(&slots, |slot| *slot), [vec![0, 2], vec![1, 3]]);
        assert_eq!(slots.map(|slot| *cells.at(slot)), ['a', 'b', 'a', 'b']);
    }
}
