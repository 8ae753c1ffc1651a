//! What names look like, and which of them nobody may have.

use std::{collections::HashSet, fmt::Display};

use unicode_security::confusable_detection::skeleton;

/// Names that people would take for the house's own.
const RESERVED: [&str; 35] = [
    "admin",
    "administrator",
    "sysadmin",
    "root",
    "superuser",
    "system",
    "house",
    "bank",
    "operator",
    "owner",
    "staff",
    "team",
    "moderator",
    "support",
    "helpdesk",
    "help",
    "official",
    "security",
    "service",
    "info",
    "contact",
    "webmaster",
    "postmaster",
    "noreply",
    "nobody",
    "anonymous",
    "null",
    "undefined",
    "loljoa",
    "롤조아",
    "관리자",
    "운영자",
    "운영팀",
    "시스템",
    "고객센터",
];

/// Two names with the same skeleton look alike, whatever the case that either is written in: Unicode's own skeleton
/// (UTS 39) with case folded, and i taken for l, as which its capital passes.
pub(crate) fn of(name: &str) -> String {
    let folded = skeleton(name).collect::<String>().to_lowercase();
    skeleton(&folded).map(|letter| if letter == 'i' { 'l' } else { letter }).collect()
}

/// The skeleton of an account whose name looked like another before there were skeletons. No name has it.
pub(crate) fn apart(skeleton: &str, account: impl Display) -> String {
    format!("{skeleton}#{account}")
}

/// Names that nobody can sign up under, however they are written.
#[derive(Clone, Debug)]
pub(crate) struct Reserved(HashSet<String>);

impl Reserved {
    /// Those that are always reserved, and `more`.
    pub(crate) fn with(more: impl IntoIterator<Item = String>) -> Self {
        let names = RESERVED.into_iter().map(str::to_owned).chain(more);
        Self(names.map(|name| bare(&of(&name))).collect())
    }

    /// Whether a name of this skeleton looks like a reserved one. Underscores are hardly seen.
    pub(crate) fn contains(&self, skeleton: &str) -> bool {
        self.0.contains(&bare(skeleton))
    }
}

fn bare(skeleton: &str) -> String {
    skeleton.replace('_', "")
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use loljoa_service_kit::cells as slots;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_that_look_alike_have_one_skeleton() {
        for (one, other) in [
            ("Faker", "fAKER"),
            ("FaIker", "falker"),
            ("T1_0wner", "T1_Owner"),
            ("t1_owner", "tl_0WNER"),
            ("rnax", "MAX"),
            ("faiker", "FAlKER"),
            ("구마유시_I", "구마유시_1"),
            ("p\u{430}yp\u{430}l", "paypal"),
        ] {
            assert_eq!(of(one), of(other), "{one} {other}");
        }
        for (one, other) in
            [("faker", "fakes"), ("user_1", "user_2"), ("페이커", "패이커"), ("bettor_10", "bettor_11")]
        {
            assert_ne!(of(one), of(other), "{one} {other}");
        }
    }

    #[test]
    fn the_houses_own_names_are_reserved_however_they_are_written() {
        let reserved = Reserved::with(["gumayusi".to_owned()]);
        for name in
            ["admin", "ADMIN", "Adm1n", "_admin_", "a_d_m_i_n", "0perator", "H0use", "관리자", "GUMAYUSI"]
        {
            assert!(reserved.contains(&of(name)), "{name}");
        }
        for name in ["faker", "administrators", "admin2", "관리자님"] {
            assert!(!reserved.contains(&of(name)), "{name}");
        }
    }

    /// What a name is hashed from follows from its skeleton alone, or two names that look alike could be in two cells. The skeleton
    /// of a name is that of its letters and jamo one after the other, so it is enough to look at each of these.
    #[test]
    fn names_that_look_alike_are_in_one_slot() {
        let ascii = ('a'..='z').chain('0'..='9').chain(['_']);
        let syllable = |place: u32| char::from_u32(0xac00 + place).unwrap();
        let leads = (0..19).map(|lead| {
            (char::from_u32(0x1100 + lead).unwrap(), slots::folded(&syllable(lead * 588).to_string()))
        });
        let vowels = (0..21).map(|vowel| (char::from_u32(0x1161 + vowel).unwrap(), String::new()));
        let trails = (1..28).map(|trail| {
            // Behind ㅇ.
            let folded = slots::folded(&syllable(11 * 588 + trail).to_string());
            (char::from_u32(0x11a7 + trail).unwrap(), folded.strip_prefix('o').unwrap().to_owned())
        });
        let letters = ascii.map(|letter| (letter, slots::folded(&letter.to_string())));
        let parts: Vec<_> = letters.chain(leads).chain(vowels).chain(trails).collect();
        let mut comes_to = HashMap::new();
        let is_single = |looks: &str| looks.chars().count() == 1;
        for (part, folded) in parts.iter().filter(|(part, _)| is_single(&of(&part.to_string()))) {
            let looks = of(&part.to_string()).chars().next().unwrap();
            let known = comes_to.entry(looks).or_insert_with(|| folded.clone());
            assert_eq!(known, folded, "{part:?} looks like {looks:?}");
        }
        for (part, folded) in &parts {
            let looks = of(&part.to_string());
            let whole: Option<String> = looks.chars().map(|letter| comes_to.get(&letter).cloned()).collect();
            assert_eq!(whole.as_ref(), Some(folded), "{part:?} looks like {looks:?}");
        }
    }

    proptest! {
        #[test]
        fn case_makes_no_other_skeleton(name in "[a-zA-Z0-9_가-힣]{3,20}") {
            prop_assert_eq!(of(&name), of(&name.to_lowercase()));
            prop_assert_eq!(of(&name), of(&name.to_uppercase()));
        }
    }
}
