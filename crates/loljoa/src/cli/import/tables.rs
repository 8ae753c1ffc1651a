//! The tables that would come out of an import.

use loljoa_proto::league_schedule::v1::{
    BracketRound, Fate, ImportSeasonResponse, Match, StageKind, StageStandings, Standing, StandingsTable,
    Team,
};

use crate::console;

/// Says every table and bracket of a dry run.
pub(super) fn tell(report: &ImportSeasonResponse) {
    for found in &report.standings {
        for stage in &found.stages {
            console::say(format_args!("\n{}, {}", found.tournament, heading(stage)));
            for table in &stage.tables {
                console::say(lines(table));
            }
            if !stage.rounds.is_empty() {
                console::say(rounds(&stage.rounds));
            }
        }
    }
    if report.standings_left_out > 0 {
        console::say(format_args!("Tables of {} more tournaments are not told.", report.standings_left_out));
    }
}

fn heading(stage: &StageStandings) -> String {
    let kind = match stage.kind() {
        StageKind::RoundRobin => "round robin",
        StageKind::DoubleRoundRobin => "double round robin",
        StageKind::Groups => "groups",
        StageKind::Swiss => "Swiss",
        StageKind::Bracket => "bracket",
        StageKind::Unspecified => "?",
    };
    let list = |lead: &str, names: &[String]| {
        if names.is_empty() { String::new() } else { format!("; {lead} {}", names.join(", ")) }
    };
    let champion = stage.champion.as_ref().map(|team| format!("; won by {}", team.code)).unwrap_or_default();
    let rules = list("level teams by", &stage.tiebreakers);
    format!("{} ({kind}{}{rules}{champion})", stage.name, list("with", &stage.carries))
}

fn lines(table: &StandingsTable) -> String {
    let heads = ["", "team", "won", "lost", "games", "", ""].map(str::to_owned);
    let rows: Vec<_> = std::iter::once(heads.to_vec()).chain(table.standings.iter().map(line)).collect();
    let lines = console::table(&rows);
    if table.group.is_empty() { lines } else { format!("{}\n{lines}", table.group) }
}

fn line(line: &Standing) -> Vec<String> {
    let fate = match line.fate() {
        Fate::Through => "through",
        Fate::Out => "out",
        Fate::Open | Fate::Unspecified => "",
    };
    vec![
        line.rank.to_string(),
        code(line.team.as_ref()),
        line.wins.to_string(),
        line.losses.to_string(),
        format!("{}–{}", line.game_wins, line.game_losses),
        format!("{:+}", line.game_difference),
        fate.to_owned(),
    ]
}

fn rounds(rounds: &[BracketRound]) -> String {
    let told = |round: &BracketRound| {
        let games: Vec<_> = round.matches.iter().map(game).collect();
        vec![round.name.clone(), games.join(", ")]
    };
    console::table(&rounds.iter().map(told).collect::<Vec<_>>())
}

fn game(game: &Match) -> String {
    let (one, two) = (code(game.team1.as_ref()), code(game.team2.as_ref()));
    if game.winner_id.is_empty() {
        format!("{one}–{two}")
    } else {
        format!("{one} {}–{} {two}", game.team1_wins, game.team2_wins)
    }
}

fn code(team: Option<&Team>) -> String {
    team.map_or_else(|| "TBD".to_owned(), |team| team.code.clone())
}
