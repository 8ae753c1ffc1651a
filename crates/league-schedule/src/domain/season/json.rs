//! The JSON season format, version 1.

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Deserializer, value::RawValue};

use super::{
    Club, Entry, Lines, Season,
    fixture::{RawMatch, checked_code, printable, text},
    stages::RawCourse,
};
use crate::domain::Team;

const FORMAT: &str = "loljoa-season/1";

/// The file, its entries still unread, so that one bad entry does not hide the others.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Document<'a> {
    format: String,
    #[serde(default, rename = "notes")]
    _notes: Vec<String>,
    #[serde(default, borrow)]
    teams: Vec<&'a RawValue>,
    #[serde(default, borrow)]
    matches: Vec<&'a RawValue>,
    #[serde(default, borrow)]
    tournaments: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RawTeam {
    code: String,
    name_en: String,
    name_ko: String,
    colour: String,
    #[serde(default)]
    formerly: Option<Vec<String>>,
}

pub(super) fn read(content: &str) -> Season {
    let document: Document<'_> = match serde_json::from_str(content) {
        Ok(document) => document,
        Err(error) => return Season::refused(error.line(), format!("not a season file: {}", reason(&error))),
    };
    if document.format != FORMAT {
        return Season::refused(0, format!("format must be {FORMAT}"));
    }
    Season {
        refused: None,
        teams: entries(content, &document.teams, RawTeam::subject, RawTeam::check),
        matches: entries(content, &document.matches, RawMatch::subject, RawMatch::check),
        courses: entries(content, &document.tournaments, RawCourse::subject, RawCourse::check),
    }
}

fn entries<R: DeserializeOwned, T>(
    content: &str,
    values: &[&RawValue],
    subject: impl Fn(&R) -> String,
    check: impl Fn(R) -> Result<T, String>,
) -> Vec<Entry<T>> {
    let mut lines = Lines::of(content.as_bytes());
    let entry = |value: &&RawValue| {
        // A raw value is a slice of the content, so its distance from the beginning tells its line.
        let line = lines.at(value.get().as_ptr().addr().saturating_sub(content.as_ptr().addr()));
        match object(value) {
            Ok(raw) => Entry { line, subject: subject(&raw), content: check(raw) },
            Err(why) => Entry { line, subject: printable(value.get()), content: Err(why) },
        }
    };
    values.iter().map(entry).collect()
}

/// Reads an entry, which must be an object: a list would be taken for its fields in order.
fn object<R: DeserializeOwned>(value: &RawValue) -> Result<R, String> {
    if !value.get().starts_with('{') {
        return Err("must be an object".into());
    }
    let read = serde_path_to_error::deserialize(&mut Deserializer::from_str(value.get()));
    read.map_err(|error| at_field(&error))
}

/// The reason, with the field that it speaks of.
fn at_field(error: &serde_path_to_error::Error<serde_json::Error>) -> String {
    let why = reason(error.inner());
    match error.path().to_string() {
        path if path == "." => why,
        path => format!("{path}: {why}"),
    }
}

/// The reason without the parser's position, which counts from the entry's beginning.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or_default().to_owned()
}

impl RawTeam {
    fn subject(&self) -> String {
        format!("team {}", printable(&self.code))
    }

    fn check(self) -> Result<Club, String> {
        let code = checked_code("code", self.code.trim().to_uppercase())?;
        let colour = self.colour.to_uppercase();
        let hex = colour
            .strip_prefix('#')
            .is_some_and(|hex| hex.len() == 6 && hex.bytes().all(|b| b.is_ascii_hexdigit()));
        if !hex {
            return Err("colour must be #RRGGBB".into());
        }
        let formerly = self.formerly.map(|codes| {
            codes.into_iter().map(|code| checked_code("formerly", code.trim().to_uppercase())).collect()
        });
        let team = Team {
            team_id: Team::id_of(&code),
            code,
            name_en: text("nameEn", &self.name_en)?,
            name_ko: text("nameKo", &self.name_ko)?,
            colour,
        };
        Ok(Club { team, formerly: formerly.transpose()? })
    }
}
