//! Several lists, newest first, read as one.

use std::collections::VecDeque;

use loljoa_proto::admin::v1::AdminAction;

/// A page of one list.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// Newest first.
    pub(super) actions: VecDeque<AdminAction>,
    /// Where the page was read from; `None` at the list's end.
    pub(super) place: Option<String>,
    /// Where to read on after the page, if there is more.
    pub(super) after: Option<String>,
}

impl Log {
    fn time(&self) -> Option<(i64, i32)> {
        let action = self.actions.front()?;
        Some(action.created_at.map_or((0, 0), |time| (time.seconds, time.nanos)))
    }

    fn take(&mut self) -> Option<AdminAction> {
        let action = self.actions.pop_front()?;
        self.place = Some(action.cursor.clone());
        Some(action)
    }

    fn place(self) -> Option<String> {
        if self.actions.is_empty() { self.after } else { self.place }
    }
}

/// The newest `limit` actions of all pages, each of which is at least as long as that or whole, and where to read on in each.
pub(super) fn merge(mut logs: Vec<Log>, limit: usize) -> (Vec<AdminAction>, Vec<Option<String>>) {
    let mut merged = Vec::with_capacity(limit);
    while merged.len() < limit {
        let newest = logs.iter_mut().max_by_key(|log| log.time());
        let Some(action) = newest.and_then(Log::take) else { break };
        merged.push(action);
    }
    (merged, logs.into_iter().map(Log::place).collect())
}

#[cfg(test)]
mod tests {
    use prost_types::Timestamp;

    use super::*;

    /// A list of actions at these times, paged as a service does it.
    struct List(Vec<i64>);

    impl List {
        fn page(&self, place: Option<String>, limit: usize) -> Log {
            let Some(place) = place else { return Log::default() };
            let from = if place.is_empty() { 0 } else { place.parse::<usize>().unwrap() };
            let actions = self.0.iter().enumerate().skip(from).take(limit).map(|(n, seconds)| AdminAction {
                action: seconds.to_string(),
                created_at: Some(Timestamp { seconds: *seconds, nanos: 0 }),
                cursor: (n + 1).to_string(),
                ..AdminAction::default()
            });
            let end = from + limit;
            let after = (end < self.0.len()).then(|| end.to_string());
            Log { actions: actions.collect(), place: Some(place), after }
        }
    }

    fn read_all(lists: [&List; 3], limit: usize) -> Vec<i64> {
        let (mut all, mut places) = (Vec::new(), vec![Some(String::new()); 3]);
        while places.iter().any(Option::is_some) {
            let pages = lists.iter().zip(places).map(|(list, place)| list.page(place, limit)).collect();
            let (page, next) = merge(pages, limit);
            assert!(page.len() <= limit);
            all.extend(page.iter().map(|action| action.action.parse::<i64>().unwrap()));
            places = next;
        }
        all
    }

    #[test]
    fn pages_of_any_size_give_all_lists_whole_and_in_order() {
        let lists = [List(vec![9, 8, 5, 5, 1]), List(vec![7, 6, 5, 2]), List(vec![8, 4])];
        let none = List(Vec::new());
        for limit in 1..14 {
            let all = read_all([&lists[0], &lists[1], &lists[2]], limit);
            assert_eq!(all, [9, 8, 8, 7, 6, 5, 5, 5, 4, 2, 1], "{limit}");
            assert_eq!(read_all([&none, &lists[1], &none], limit), [7, 6, 5, 2], "{limit}");
            assert_eq!(read_all([&none, &none, &none], limit), [] as [i64; 0], "{limit}");
        }
    }
}
