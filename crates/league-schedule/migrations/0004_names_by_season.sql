-- What teams were called in each tournament, and which teams are former ones of others: a club that took another code. New, empty
-- tables, so it runs at once on a live database; their references hold up writes to teams and tournaments for that moment. A
-- tournament without names of its own tells those of teams, as before, and keeps them when an import gives a team others. The release
-- before goes on without both: it tells the names of teams everywhere, and what it imports meanwhile renames as it always did.
CREATE TABLE tournament_teams (
    tournament_id uuid NOT NULL REFERENCES tournaments,
    team_id uuid NOT NULL REFERENCES teams,
    name_en text NOT NULL,
    name_ko text NOT NULL,
    colour text NOT NULL CHECK (colour ~ '^#[0-9A-F]{6}$'),
    PRIMARY KEY (tournament_id, team_id)
);

-- Each former team is of one club, and names the team that the club is now, whatever came between.
CREATE TABLE former_teams (
    former_id uuid PRIMARY KEY REFERENCES teams,
    team_id uuid NOT NULL REFERENCES teams,
    CHECK (former_id <> team_id)
);
CREATE INDEX ON former_teams (team_id);
