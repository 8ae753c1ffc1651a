/// The regular season: rank, team, wins, losses, difference of games. KDF stands before BRO, level on all of these,
/// because it won the tiebreaker.
pub(super) const SPRING: [(i32, &str, i32, i32, i32); 10] = [
    (1, "T1", 18, 0, 29),
    (2, "GEN", 15, 3, 18),
    (3, "DK", 11, 7, 12),
    (4, "DRX", 11, 7, 3),
    (5, "KDF", 8, 10, -3),
    (6, "BRO", 8, 10, -3),
    (7, "KT", 7, 11, -5),
    (8, "NS", 5, 13, -13),
    (9, "LSB", 4, 14, -19),
    (10, "HLE", 3, 15, -19),
];
