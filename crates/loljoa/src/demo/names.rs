/// Made up; none belongs to a player of the league.
const NAMES: [&str; 48] = [
    "바론스틸",
    "MidDiff",
    "정글차이",
    "gg_no_re",
    "한타장인",
    "WardEnjoyer",
    "롤알못",
    "Penta_Kim",
    "탑솔로",
    "blueside",
    "용한타",
    "FlashOnD",
    "부쉬요정",
    "cs10perMin",
    "서폿의눈물",
    "elder_pls",
    "협곡관광객",
    "Nexus_First",
    "라인프리징",
    "SoloBolo",
    "바텀캐리",
    "hextech_lee",
    "승부예측왕",
    "Draft_Gap",
    "펜타각",
    "smitediff",
    "귀환각",
    "NoFlash0917",
    "원딜은죄없다",
    "TP_flank",
    "다섯명이서",
    "ScuttleCrab",
    "와드한개",
    "lane_kingdom",
    "미드오픈",
    "KR_1LP",
    "칼바람장인",
    "AFK_farm",
    "억제기",
    "pause_chamber",
    "티모는귀여워",
    "GoldLead3k",
    "역전의명수",
    "RedBuffPark",
    "한판만더",
    "InhibRush",
    "오늘은이긴다",
    "Bo5_believer",
];

/// The names that the bettor at `place` takes one after the other, each when the one before is broke; no two of
/// `bettors` ever take the same.
pub(super) fn of_bettor(place: usize, bettors: usize) -> impl Iterator<Item = String> {
    (place..).step_by(bettors.max(1)).map(name)
}

fn name(number: usize) -> String {
    let base = NAMES[number % NAMES.len()];
    match number / NAMES.len() {
        0 => base.to_owned(),
        round => format!("{base}{}", round + 1),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_name_is_one_that_sign_up_takes() {
        for name in NAMES {
            let letters = name.chars().count();
            assert!((3..=17).contains(&letters), "{name}: with a number behind it, 20 characters at most");
            assert!(name.chars().all(|letter| letter.is_alphanumeric() || letter == '_'), "{name}");
        }
    }

    #[test]
    fn no_two_bettors_take_the_same_name() {
        let taken: Vec<_> = (0..12).flat_map(|place| of_bettor(place, 12).take(20)).collect();
        let distinct: HashSet<_> = taken.iter().map(|name| name.to_lowercase()).collect();
        assert_eq!(distinct.len(), taken.len());
    }
}
