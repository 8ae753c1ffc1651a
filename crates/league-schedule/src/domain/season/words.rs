//! Names as people write them, and as they are kept: composed (NFC), with single spaces, and none at the ends.

use unicode_normalization::UnicodeNormalization;

/// `text` as it is kept.
#[must_use]
pub fn tidy(text: &str) -> String {
    let composed: String = text.nfc().collect();
    composed.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What two spellings of one name have in common: case does not count.
#[must_use]
pub fn fold(name: &str) -> String {
    tidy(name).to_lowercase()
}

/// A block as it is kept: `week 3`, `3`, `3주차` and `3주` are `Week 3`.
#[must_use]
pub fn block(text: &str) -> String {
    let text = tidy(text);
    week(&text.to_lowercase()).map_or(text, |week| format!("Week {week}"))
}

fn week(lower: &str) -> Option<u8> {
    let number = lower
        .strip_prefix("week")
        .or_else(|| lower.strip_suffix("주차"))
        .or_else(|| lower.strip_suffix('주'))
        .unwrap_or(lower);
    let digits = number.trim();
    let is_number = digits.bytes().all(|b| b.is_ascii_digit());
    digits.parse().ok().filter(|_| is_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_composed_and_without_stray_spaces() {
        assert_eq!(tidy(" LCK  2022\u{a0}Spring "), "LCK 2022 Spring");
        let decomposed: String = "담원 기아".nfd().collect();
        assert_ne!(decomposed, "담원 기아");
        assert_eq!(tidy(&decomposed), "담원 기아");
        assert_eq!(fold("lck 2022 SPRING "), fold("LCK 2022 Spring"));
    }

    #[test]
    fn a_week_is_known_in_every_spelling_and_nothing_else_is() {
        for week in ["Week 3", "week 3", "WEEK  3", "Week3", "3주차", "3 주차", "3주", "3", " 03 "] {
            assert_eq!(block(week), "Week 3", "{week}");
        }
        for other in
            ["Playoffs Round 1", "Weekend", "Week", "Week 3 Day 1", "Tiebreaker 1", "주차", "+3", "300"]
        {
            assert_eq!(block(other), other);
        }
    }
}
