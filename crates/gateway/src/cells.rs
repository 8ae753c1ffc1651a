//! Lists that several cells have a part of, read as one.

use futures::future::try_join_all;
use loljoa_service_kit::{Error, page};
use serde::{Deserialize, Serialize};

/// The most that a cell answers with.
const PAGE: usize = 100;

/// Where to read on in the list of one cell: behind so many items of the page that begins there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    cursor: String,
    passed: usize,
}

/// A page of one cell's list.
pub(crate) struct CellPage<T> {
    /// In the list's order.
    pub(crate) items: Vec<T>,
    /// Where the cell reads on; empty at its end.
    pub(crate) next_cursor: String,
}

/// A page that is being read.
pub(crate) trait Reading<T>: Future<Output = Result<CellPage<T>, Error>> {}

impl<T, F: Future<Output = Result<CellPage<T>, Error>>> Reading<T> for F {}

/// What is left to be merged of one cell's list.
struct Part<T> {
    items: std::collections::VecDeque<T>,
    place: Place,
    /// Where the page after this one begins.
    next_cursor: String,
}

/// The places of all cells; none for a list that is at its end.
pub(crate) type Places = Vec<Option<Place>>;

/// Reads the cursor of a list over so many cells.
///
/// # Errors
///
/// `cursor_malformed`.
pub(crate) fn places(cursor: &str, cells: usize) -> Result<Places, Error> {
    let places: Option<Places> = page::decode_cursor(cursor)?;
    let places = places.unwrap_or_else(|| vec![Some(Place::default()); cells]);
    if places.len() == cells && places.iter().flatten().all(|place| place.passed <= PAGE) {
        return Ok(places);
    }
    Err(Error::invalid_field("cursor", "cursor_malformed", "must be a page's nextCursor"))
}

/// The cursor of what is left; empty at the end.
pub(crate) fn cursor(places: &Places) -> String {
    if places.iter().all(Option::is_none) { String::new() } else { page::encode_cursor(places) }
}

/// The first `limit` items of all cells' lists from `places` on, and where each goes on. `read` reads a page of a cell, by its place
/// among them, from a cursor on; `comes_first` says by what lists are ordered, the least first.
///
/// Cells know no place within a page, so that one of which a part was taken is read again.
///
/// # Errors
///
/// When a cell does not answer: without it nobody knows what comes next.
pub(crate) async fn merged<T, K: Ord, F: Reading<T>>(
    places: Places,
    limit: usize,
    read: impl Fn(usize, String) -> F,
    comes_first: impl Fn(&T) -> K,
) -> Result<(Vec<T>, Places), Error> {
    let parts = places.into_iter().enumerate().map(|(cell, place)| {
        let read = &read;
        async move {
            match place {
                Some(place) => part(cell, place, read).await.map(Some),
                None => Ok(None),
            }
        }
    });
    let mut parts = try_join_all(parts).await?;
    let mut merged = Vec::with_capacity(limit);
    while merged.len() < limit {
        let next = parts.iter().enumerate().filter_map(|(cell, part)| {
            let first = part.as_ref()?.items.front()?;
            Some((comes_first(first), cell))
        });
        let Some((_, cell)) = next.min() else { break };
        let Some(part) = parts.get_mut(cell).and_then(Option::as_mut) else { break };
        merged.extend(part.items.pop_front());
        part.place.passed += 1;
        if part.items.is_empty() && !part.next_cursor.is_empty() {
            let place = Place { cursor: std::mem::take(&mut part.next_cursor), passed: 0 };
            parts[cell] = Some(self::part(cell, place, &read).await?);
        }
    }
    Ok((merged, parts.into_iter().map(|part| part.and_then(Part::place)).collect()))
}

/// There is no such cell.
pub(crate) fn unknown() -> Error {
    Error::internal("there is no such cell")
}

/// Reads on at a place, past pages of which nothing is left.
async fn part<T, F: Reading<T>>(
    cell: usize,
    mut place: Place,
    read: &impl Fn(usize, String) -> F,
) -> Result<Part<T>, Error> {
    loop {
        let CellPage { items, next_cursor } = read(cell, place.cursor.clone()).await?;
        let items: std::collections::VecDeque<_> = items.into_iter().skip(place.passed).collect();
        if !items.is_empty() || next_cursor.is_empty() {
            return Ok(Part { items, place, next_cursor });
        }
        place = Place { cursor: next_cursor, passed: 0 };
    }
}

impl<T> Part<T> {
    fn place(self) -> Option<Place> {
        match (self.items.is_empty(), self.next_cursor.is_empty()) {
            (true, true) => None,
            (true, false) => Some(Place { cursor: self.next_cursor, passed: 0 }),
            (false, _) => Some(self.place),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{cmp::Reverse, future::ready};

    use super::*;

    fn read(lists: &[Vec<i64>], page: usize, cell: usize, cursor: &str) -> CellPage<i64> {
        let from = if cursor.is_empty() { 0 } else { cursor.parse::<usize>().unwrap() };
        let items: Vec<_> = lists[cell].iter().skip(from).take(page).copied().collect();
        let end = from + items.len();
        let next_cursor = if end < lists[cell].len() { end.to_string() } else { String::new() };
        CellPage { items, next_cursor }
    }

    #[tokio::test]
    async fn pages_of_any_size_give_all_lists_whole_and_in_order() {
        let lists = [vec![9, 8, 5, 5, 1], vec![7, 6, 5, 2], vec![8, 4], Vec::new()];
        for page in 1..7 {
            for limit in 1..13 {
                let (mut all, mut cursor) = (Vec::new(), String::new());
                loop {
                    let read = |cell, cursor: String| ready(Ok(read(&lists, page, cell, &cursor)));
                    let from = places(&cursor, lists.len()).unwrap();
                    let (items, next) = merged(from, limit, read, |item| Reverse(*item)).await.unwrap();
                    assert!(items.len() <= limit);
                    all.extend(items);
                    cursor = super::cursor(&next);
                    if cursor.is_empty() {
                        break;
                    }
                }
                assert_eq!(all, [9, 8, 8, 7, 6, 5, 5, 5, 4, 2, 1], "pages of {page}, {limit} wanted");
            }
        }
    }

    #[test]
    fn a_cursor_of_other_cells_is_refused() {
        let two = cursor(&vec![None, Some(Place::default())]);
        assert!(places(&two, 2).is_ok());
        assert!(places(&two, 3).is_err());
        assert_eq!(cursor(&vec![None, None]), "");
    }
}
