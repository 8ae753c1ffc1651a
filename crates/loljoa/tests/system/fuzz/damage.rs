//! Files that are wrong somewhere.

use rand::{RngExt, rngs::StdRng};
use serde_json::{Value, json};

/// A file that is cut off, or one of whose lines cannot be.
pub(super) fn damaged(file: &Value, random: &mut StdRng) -> String {
    let mut file = file.clone();
    let lines = file["matches"].as_array_mut().unwrap();
    let at = random.random_range(0..lines.len());
    match random.random_range(0..6) {
        0 => lines[at]["bestOf"] = json!(2),
        1 => lines[at]["team1"] = json!("C9"),
        2 => (lines[at]["team1"], lines[at]["team2"]) = (json!("T1"), json!("T1")),
        3 => (lines[at]["team1Wins"], lines[at]["team2Wins"]) = (json!(1), json!(1)),
        4 => {
            let again = lines[at].clone();
            lines.push(again);
        }
        _ => {
            let whole = file.to_string();
            return whole[..random.random_range(1..whole.len())].to_owned();
        }
    }
    file.to_string()
}
