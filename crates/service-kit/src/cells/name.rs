//! What a username comes to before it is hashed: so little is left of it that names which look alike come to the same, and so are
//! found taken in one cell. It is written down here, and not taken from Unicode's tables, because those change.

use unicode_normalization::UnicodeNormalization;

const FIRST_SYLLABLE: u32 = 0xac00;
const LAST_SYLLABLE: u32 = 0xd7a3;
/// Syllables of one leading consonant, and of one vowel with it.
const LEADING: u32 = 588;
const TRAILING: u32 = 28;

/// Leading consonants in Unicode's order, as letters; ㅇ is a circle.
const LEADS: [&str; 19] =
    ["g", "gg", "n", "d", "dd", "r", "m", "b", "bb", "s", "ss", "o", "j", "jj", "c", "k", "t", "p", "h"];
/// Trailing consonants in Unicode's order, the first of them none.
const TRAILS: [&str; 28] = [
    "", "g", "gg", "gs", "n", "nj", "nh", "d", "r", "rg", "rm", "rb", "rs", "rt", "rp", "rh", "m", "b", "bs",
    "s", "ss", "o", "j", "c", "k", "t", "p", "h",
];

/// A name in lower case, its letters as what they can be taken for, its Hangul without vowels.
#[must_use]
pub fn folded(username: &str) -> String {
    let mut folded = String::with_capacity(username.len());
    for letter in username.nfkc().flat_map(char::to_lowercase) {
        fold(letter, &mut folded);
    }
    folded
}

fn fold(letter: char, folded: &mut String) {
    match letter {
        'm' => folded.push_str("rn"),
        '0' => folded.push('o'),
        '1' | 'i' => folded.push('l'),
        _ => match u32::from(letter) {
            syllable @ FIRST_SYLLABLE..=LAST_SYLLABLE => {
                let place = syllable - FIRST_SYLLABLE;
                folded.push_str(part(&LEADS, place / LEADING));
                folded.push_str(part(&TRAILS, place % TRAILING));
            }
            _ => folded.push(letter),
        },
    }
}

fn part(parts: &[&'static str], place: u32) -> &'static str {
    usize::try_from(place).ok().and_then(|place| parts.get(place).copied()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use unicode_normalization::UnicodeNormalization;

    use super::*;

    #[test]
    fn names_that_look_alike_come_to_the_same() {
        for (one, other) in [
            ("Faker", "fAKER"),
            ("FaIker", "falker"),
            ("t1_owner", "tl_0WNER"),
            ("rnax", "MAX"),
            ("각가", "가까"),
        ] {
            assert_eq!(folded(one), folded(other), "{one} {other}");
        }
        assert_ne!(folded("faker"), folded("fakes"));
        assert_eq!(folded("구마유시_1"), "gmos_l");
    }

    #[test]
    fn composition_does_not_matter() {
        let decomposed: String = "페이커".nfd().collect();
        assert_eq!(folded(&decomposed), folded("페이커"));
    }
}
