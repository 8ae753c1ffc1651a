//! Clubs that bore other codes before.

use std::collections::BTreeMap;

/// Former codes of clubs, each with the code that its club bears now, whatever came between.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Clubs {
    now: BTreeMap<String, String>,
}

/// A former code, and the one that its club bears from now on; `None` when it is nobody's former code any more.
pub type Renaming = (String, Option<String>);

impl Clubs {
    /// Clubs by pairs of a former code and the one of now.
    #[must_use]
    pub fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { now: pairs.into_iter().collect() }
    }

    /// The code that the club of `code` bears now.
    #[must_use]
    pub fn now<'a>(&'a self, code: &'a str) -> &'a str {
        self.now.get(code).map_or(code, String::as_str)
    }

    /// The former codes of the club that is `code` now.
    #[must_use]
    pub fn former(&self, code: &str) -> Vec<String> {
        self.now.iter().filter(|(_, now)| *now == code).map(|(former, _)| former.clone()).collect()
    }

    /// Lets `code`'s club have borne `former` before; gives those of them that are new. A club whose code is among them becomes part
    /// of this one.
    ///
    /// # Errors
    ///
    /// Why one of them cannot be.
    pub fn claim(&mut self, code: &str, former: &[String]) -> Result<Vec<String>, String> {
        // The present codes of clubs come first: with them come all those that these clubs bore.
        let (present, past): (Vec<_>, Vec<_>) = former.iter().partition(|former| self.now(former) == *former);
        let mut taken = Vec::new();
        for former in present.into_iter().chain(past) {
            if self.take(code, former)? {
                taken.push(former.clone());
            }
        }
        Ok(taken)
    }

    fn take(&mut self, code: &str, former: &str) -> Result<bool, String> {
        let (own, other) = (self.now(code).to_owned(), self.now(former).to_owned());
        if code == former {
            return Err(format!("{former} is the team's own code"));
        }
        if own == former {
            return Err(format!("{code} is a former code of {former}"));
        }
        if own == other {
            return Ok(false);
        }
        if other != former {
            return Err(format!("{former} is a former code of {other} already"));
        }
        for now in self.now.values_mut().filter(|now| *now == former) {
            now.clone_from(&own);
        }
        self.now.insert(former.to_owned(), own);
        Ok(true)
    }

    /// Takes the former codes away from the club that is `code` now, and gives them.
    pub fn release(&mut self, code: &str) -> Vec<String> {
        let former = self.former(code);
        self.now.retain(|_, now| now != code);
        former
    }

    /// What is to be written where `before` stands.
    #[must_use]
    pub fn since(&self, before: &Self) -> Vec<Renaming> {
        let changed = self.now.iter().filter(|(former, now)| before.now.get(*former) != Some(*now));
        let gone = before.now.keys().filter(|former| !self.now.contains_key(*former));
        let changed = changed.map(|(former, now)| (former.clone(), Some(now.clone())));
        changed.chain(gone.map(|former| (former.clone(), None))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(codes: &[&str]) -> Vec<String> {
        codes.iter().map(|code| (*code).to_owned()).collect()
    }

    #[test]
    fn a_club_is_one_in_whatever_order_its_codes_are_told() {
        let stories: [&[(&str, &[&str])]; 4] = [
            &[("KDF", &["AF"]), ("DNF", &["KDF"])],
            &[("DNF", &["KDF"]), ("KDF", &["AF"])],
            &[("DNF", &["AF", "KDF"]), ("KDF", &["AF"])],
            &[("KDF", &["AF"]), ("DNF", &["AF", "KDF"])],
        ];
        for story in stories {
            let mut clubs = Clubs::default();
            for (code, former) in story {
                clubs.claim(code, &codes(former)).unwrap();
            }
            assert_eq!(
                (clubs.now("AF"), clubs.now("KDF"), clubs.now("T1")),
                ("DNF", "DNF", "T1"),
                "{story:?}"
            );
            let before = clubs.clone();
            for (code, former) in story {
                assert!(clubs.claim(code, &codes(former)).unwrap().is_empty());
            }
            assert_eq!(clubs.since(&before), []);
        }
    }

    #[test]
    fn a_circle_a_club_of_its_own_and_a_code_of_two_clubs_cannot_be() {
        let mut clubs = Clubs::default();
        clubs.claim("B", &codes(&["C"])).unwrap();
        clubs.claim("A", &codes(&["B"])).unwrap();
        assert_eq!(clubs.claim("A", &codes(&["A"])), Err("A is the team's own code".into()));
        assert_eq!(clubs.claim("C", &codes(&["A"])), Err("C is a former code of A".into()));
        assert_eq!(clubs.claim("X", &codes(&["C"])), Err("C is a former code of A already".into()));
    }

    #[test]
    fn what_is_released_is_nobodys() {
        let mut clubs = Clubs::new([("SKT".into(), "T1".into()), ("AF".into(), "KDF".into())]);
        let before = clubs.clone();
        assert_eq!(clubs.release("T1"), ["SKT"]);
        assert_eq!(clubs.since(&before), [("SKT".into(), None)]);
        assert_eq!(before.since(&clubs), [("SKT".into(), Some("T1".into()))]);
    }
}
