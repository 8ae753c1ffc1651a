//! A season as a table: one match a line.

use ::csv::{ReaderBuilder, StringRecord};

use super::{
    Entry, Lines, Season,
    fixture::{Fixture, RawMatch},
};

const HEADER: [&str; 10] = [
    "tournament",
    "block",
    "date_kst",
    "slot",
    "best_of",
    "team1",
    "team2",
    "team1_wins",
    "team2_wins",
    "note",
];
const FORFEIT: &str = "forfeit by ";

pub(super) fn read(content: &str) -> Season {
    let mut reader = ReaderBuilder::new().flexible(true).from_reader(content.as_bytes());
    match reader.headers() {
        Ok(header) if *header == HEADER[..] => {}
        _ => return Season::refused(1, format!("the header must be {}", HEADER.join(","))),
    }
    let lines = &mut Lines::of(content.as_bytes());
    let mut matches = Vec::new();
    for record in reader.records() {
        match record {
            Ok(record) => matches.push(entry(content, lines, &record)),
            Err(error) => return Season::refused(0, format!("the file cannot be read as CSV: {error}")),
        }
    }
    Season { matches, ..Season::default() }
}

fn entry(content: &str, lines: &mut Lines<'_>, record: &StringRecord) -> Entry<Fixture> {
    // A record's position lies before the empty lines that the parser has passed over.
    let before =
        record.position().and_then(|position| usize::try_from(position.byte()).ok()).unwrap_or_default();
    let record_and_rest = content.get(before..).unwrap_or_default().trim_start_matches(['\r', '\n']);
    let line = lines.at(content.len() - record_and_rest.len());
    let raw = raw(record);
    let subject = raw.as_ref().map_or_else(|_| "a match".to_owned(), RawMatch::subject);
    Entry { line, subject, content: raw.and_then(RawMatch::check) }
}

fn raw(record: &StringRecord) -> Result<RawMatch, String> {
    if record.len() != HEADER.len() {
        return Err(format!("has {} of {} fields; the file may be cut off", record.len(), HEADER.len()));
    }
    let field = |index: usize| record.get(index).unwrap_or_default().to_owned();
    let wins =
        |index: usize| if field(index).is_empty() { Ok(None) } else { number(record, index).map(Some) };
    let note = field(9);
    let forfeited_by = match note.strip_prefix(FORFEIT) {
        Some(code) => Some(code.to_owned()),
        None if note.is_empty() => None,
        None => return Err(format!("note must be empty or \"{FORFEIT}<code>\"")),
    };
    Ok(RawMatch {
        tournament: field(0),
        block: field(1),
        date: field(2),
        slot: number(record, 3)?,
        best_of: number(record, 4)?,
        team1: Some(field(5)),
        team2: Some(field(6)),
        team1_wins: wins(7)?,
        team2_wins: wins(8)?,
        forfeited_by,
        starts_at: None,
    })
}

fn number(record: &StringRecord, index: usize) -> Result<i64, String> {
    let text = record.get(index).unwrap_or_default();
    text.parse().map_err(|_| format!("{} must be a whole number", HEADER[index]))
}
