//! One set of results out of several, where long runs were made apart.

use std::collections::BTreeSet;

use anyhow::{Context, bail};

use super::Results;

impl Results {
    /// All runs of all of these, which come from one machine and hold no run twice. Where revisions differ, the one that
    /// is told names each, with the number of its runs.
    ///
    /// # Errors
    ///
    /// When they cannot stand beside each other.
    pub fn join(all: Vec<Self>) -> anyhow::Result<Self> {
        let told = revision(&all);
        let mut rest = all.into_iter();
        let mut joined = rest.next().context("there are no results")?;
        for other in rest {
            let (one, another) = (&joined.machine, &other.machine);
            if one != another {
                bail!("results of two machines are no comparison: {one:?} and {another:?}");
            }
            if joined.is_optimised != other.is_optimised {
                bail!("results of an optimised build and of one that is not are no comparison");
            }
            joined.started_at = joined.started_at.min(other.started_at);
            joined.runs.extend(other.runs);
        }
        joined.revision = told;
        let mut seen = BTreeSet::new();
        match joined.runs.iter().map(super::Run::title).find(|title| !seen.insert(title.clone())) {
            Some(twice) => bail!("two of the results are of the same run, and only one can count: {twice}"),
            None => Ok(joined),
        }
    }
}

fn revision(all: &[Results]) -> String {
    let revisions: BTreeSet<_> = all.iter().map(|results| results.revision.as_str()).collect();
    let runs = |revision: &str| -> usize {
        all.iter().filter(|results| results.revision == revision).map(|results| results.runs.len()).sum()
    };
    if revisions.len() == 1 {
        return revisions.into_iter().collect();
    }
    let told = revisions.into_iter().map(|revision| format!("{revision} ({} runs)", runs(revision)));
    told.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Endurance, Found, fixtures},
        *,
    };
    use crate::scenario::Kind;

    /// Results of one run that is in no others.
    fn apart() -> Results {
        let mut apart = fixtures::results();
        apart.runs.truncate(1);
        apart.runs[0].connections = 9;
        apart
    }

    #[test]
    fn runs_that_were_made_apart_stand_beside_each_other() {
        let joined = Results::join(vec![fixtures::results(), apart()]).unwrap();
        assert_eq!((joined.runs.len(), joined.revision.as_str()), (5, "abc"));
        let mut other = apart();
        other.revision = "def".into();
        other.started_at -= chrono::TimeDelta::days(1);
        let joined = Results::join(vec![fixtures::results(), other.clone()]).unwrap();
        assert_eq!(joined.revision, "abc (4 runs), def (1 runs)");
        assert_eq!(joined.started_at, other.started_at);
    }

    #[test]
    fn a_long_load_stands_beside_a_longer_one() {
        let long = |wanted| {
            let mut results = apart();
            let run = &mut results.runs[0];
            run.scenario = Kind::Long;
            run.found = Some(Found::Long(Endurance { wanted, ..fixtures::endurance(&[10, 10]) }));
            results
        };
        assert_eq!(Results::join(vec![long(500_000), long(10_000_000)]).unwrap().runs.len(), 2);
        assert!(Results::join(vec![long(500_000), long(500_000)]).is_err());
    }

    #[test]
    fn what_is_no_comparison_is_not_joined() {
        let refused = |change: fn(&mut Results)| {
            let mut other = apart();
            change(&mut other);
            Results::join(vec![fixtures::results(), other]).unwrap_err().to_string()
        };
        assert!(refused(|other| other.machine.cores = 64).contains("two machines"));
        assert!(refused(|other| other.is_optimised = false).contains("not are no comparison"));
        let twice = refused(|other| other.runs[0].connections = 256);
        assert!(twice.ends_with("hot-market, ours, 256 connections"), "{twice}");
    }
}
