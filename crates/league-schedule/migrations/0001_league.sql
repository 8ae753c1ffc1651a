-- Teams, tournaments and matches; every change of a match is a revision, and the revisions are the feed.

CREATE TABLE teams (
    team_id uuid PRIMARY KEY,
    code text NOT NULL CHECK (code ~ '^[A-Z0-9.-]{1,32}$'),
    name_en text NOT NULL,
    name_ko text NOT NULL,
    colour text NOT NULL CHECK (colour ~ '^#[0-9A-F]{6}$'),
    UNIQUE (code)
);

-- A replay owns its season's tournaments. Match i of the season starts at epoch + (i - first) * interval.
CREATE TABLE replays (
    season text PRIMARY KEY,
    epoch timestamptz NOT NULL,
    interval_ms bigint NOT NULL CHECK (interval_ms > 0),
    duration_ms bigint NOT NULL CHECK (duration_ms > 0),
    first_match integer NOT NULL CHECK (first_match >= 0),
    last_tick timestamptz NOT NULL,
    finished boolean NOT NULL DEFAULT false
) WITH (fillfactor = 50);

CREATE TABLE tournaments (
    tournament_id uuid PRIMARY KEY,
    name text NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 100),
    source text NOT NULL CHECK (source IN ('file', 'live', 'replay')),
    season text REFERENCES replays,
    CHECK ((source = 'replay') = (season IS NOT NULL))
);

CREATE TABLE matches (
    match_id uuid PRIMARY KEY,
    tournament_id uuid NOT NULL REFERENCES tournaments,
    -- What the source calls the match: date/slot in a file, the feed's id when live.
    source_key text NOT NULL,
    block text NOT NULL,
    starts_at timestamptz NOT NULL,
    best_of smallint NOT NULL CHECK (best_of IN (1, 3, 5)),
    state text NOT NULL CHECK (state IN ('scheduled', 'in_progress', 'completed', 'forfeited', 'cancelled')),
    team1_id uuid REFERENCES teams,
    team2_id uuid REFERENCES teams,
    team1_wins smallint NOT NULL CHECK (team1_wins BETWEEN 0 AND (best_of + 1) / 2),
    team2_wins smallint NOT NULL CHECK (team2_wins BETWEEN 0 AND (best_of + 1) / 2),
    winner_id uuid,
    forfeited_by_id uuid,
    needs_review boolean NOT NULL,
    -- An administrator has decided something here; sources leave that alone.
    by_hand boolean NOT NULL,
    revision bigint NOT NULL CHECK (revision > 0),
    UNIQUE (tournament_id, source_key),
    CHECK (team1_id <> team2_id),
    CHECK (team1_wins + team2_wins <= best_of),
    CHECK ((winner_id IS NOT NULL) = (state IN ('completed', 'forfeited'))),
    CHECK (winner_id IN (team1_id, team2_id)),
    CHECK ((forfeited_by_id IS NOT NULL) = (state = 'forfeited')),
    CHECK (forfeited_by_id IN (team1_id, team2_id) AND forfeited_by_id <> winner_id)
);
CREATE INDEX ON matches (starts_at, match_id);
CREATE INDEX ON matches (tournament_id, starts_at, match_id);

-- Read in the order (xid, seq) below the snapshot's xmin, so that no reader passes a transaction still under way.
CREATE TABLE match_revisions (
    seq bigint GENERATED ALWAYS AS IDENTITY,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    match_id uuid NOT NULL REFERENCES matches,
    tournament_id uuid NOT NULL,
    source_key text NOT NULL,
    block text NOT NULL,
    starts_at timestamptz NOT NULL,
    best_of smallint NOT NULL,
    state text NOT NULL,
    team1_id uuid,
    team2_id uuid,
    team1_wins smallint NOT NULL,
    team2_wins smallint NOT NULL,
    winner_id uuid,
    forfeited_by_id uuid,
    needs_review boolean NOT NULL,
    by_hand boolean NOT NULL,
    revision bigint NOT NULL,
    PRIMARY KEY (xid, seq),
    UNIQUE (match_id, revision)
);

-- The database itself keeps the promise that each change is one revision, and that no change is none.
CREATE FUNCTION count_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.revision := 1;
        RETURN NEW;
    END IF;
    NEW.revision := OLD.revision;
    IF NEW IS NOT DISTINCT FROM OLD THEN
        RETURN NULL;
    END IF;
    NEW.revision := OLD.revision + 1;
    RETURN NEW;
END $$;

CREATE FUNCTION record_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO match_revisions (
        match_id, tournament_id, source_key, block, starts_at, best_of, state, team1_id, team2_id,
        team1_wins, team2_wins, winner_id, forfeited_by_id, needs_review, by_hand, revision
    ) VALUES (
        NEW.match_id, NEW.tournament_id, NEW.source_key, NEW.block, NEW.starts_at, NEW.best_of, NEW.state,
        NEW.team1_id, NEW.team2_id, NEW.team1_wins, NEW.team2_wins, NEW.winner_id, NEW.forfeited_by_id,
        NEW.needs_review, NEW.by_hand, NEW.revision
    );
    RETURN NULL;
END $$;

CREATE FUNCTION announce_revisions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('match_revisions', '');
    RETURN NULL;
END $$;

CREATE TRIGGER count_revision BEFORE INSERT OR UPDATE ON matches
    FOR EACH ROW EXECUTE FUNCTION count_revision();
CREATE TRIGGER record_revision AFTER INSERT OR UPDATE ON matches
    FOR EACH ROW EXECUTE FUNCTION record_revision();
CREATE TRIGGER announce_revisions AFTER INSERT ON match_revisions
    FOR EACH STATEMENT EXECUTE FUNCTION announce_revisions();
