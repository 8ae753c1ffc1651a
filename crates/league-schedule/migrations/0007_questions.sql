-- Questions about whole stages; every change of one is a revision, and the revisions are a feed, as with matches. The tables are
-- new and small, and the column's default is a constant, so all of it is added at once on a live database. The release before
-- neither reads nor writes any of it.

CREATE TABLE questions (
    question_id uuid PRIMARY KEY,
    tournament_id uuid NOT NULL REFERENCES tournaments,
    stage text NOT NULL,
    group_name text,
    kind text NOT NULL CHECK (kind IN ('champion', 'first')),
    state text NOT NULL CHECK (state IN ('scheduled', 'in_progress', 'decided', 'cancelled')),
    starts_at timestamptz NOT NULL,
    -- Empty while some are to be decided.
    candidates uuid[] NOT NULL,
    winner_id uuid REFERENCES teams,
    revision bigint NOT NULL CHECK (revision > 0),
    CHECK ((winner_id IS NOT NULL) = (state = 'decided'))
);
CREATE INDEX ON questions (starts_at, question_id);
CREATE INDEX ON questions (tournament_id, starts_at, question_id);

-- Read in the order (xid, seq) below the snapshot's xmin, as match_revisions.
CREATE TABLE question_revisions (
    seq bigint GENERATED ALWAYS AS IDENTITY,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    question_id uuid NOT NULL REFERENCES questions,
    tournament_id uuid NOT NULL,
    stage text NOT NULL,
    group_name text,
    kind text NOT NULL,
    state text NOT NULL,
    starts_at timestamptz NOT NULL,
    candidates uuid[] NOT NULL,
    winner_id uuid,
    revision bigint NOT NULL,
    PRIMARY KEY (xid, seq),
    UNIQUE (question_id, revision)
);

CREATE FUNCTION record_question_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO question_revisions (
        question_id, tournament_id, stage, group_name, kind, state, starts_at, candidates, winner_id, revision
    ) VALUES (
        NEW.question_id, NEW.tournament_id, NEW.stage, NEW.group_name, NEW.kind, NEW.state, NEW.starts_at,
        NEW.candidates, NEW.winner_id, NEW.revision
    );
    RETURN NULL;
END $$;

CREATE TRIGGER count_revision BEFORE INSERT OR UPDATE ON questions
    FOR EACH ROW EXECUTE FUNCTION count_revision();
CREATE TRIGGER record_revision AFTER INSERT OR UPDATE ON questions
    FOR EACH ROW EXECUTE FUNCTION record_question_revision();
-- One channel for both feeds: who is woken looks.
CREATE TRIGGER announce_revisions AFTER INSERT ON question_revisions
    FOR EACH STATEMENT EXECUTE FUNCTION announce_revisions();

-- Tournaments whose questions are to be looked at again; at first all of them.
ALTER TABLE tournaments ADD COLUMN questions_stale boolean NOT NULL DEFAULT true;

-- Other stages, other questions, whichever release says the stages.
CREATE FUNCTION questions_become_stale() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.questions_stale := true;
    RETURN NEW;
END $$;

CREATE TRIGGER questions_become_stale BEFORE UPDATE OF stages ON tournaments
    FOR EACH ROW WHEN (NEW.stages IS DISTINCT FROM OLD.stages) EXECUTE FUNCTION questions_become_stale();

-- So do tables to which results of the tournament count.
CREATE FUNCTION carried_questions_become_stale() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE tournaments SET questions_stale = true
    WHERE tournament_id <> NEW.tournament_id AND EXISTS (
        SELECT FROM jsonb_array_elements(stages) stage, jsonb_array_elements(stage -> 'carries') carried
        WHERE carried ->> 'tournament' = NEW.name
    );
    RETURN NULL;
END $$;

CREATE TRIGGER carried_questions_become_stale AFTER UPDATE OF stages ON tournaments
    FOR EACH ROW WHEN (NEW.stages IS DISTINCT FROM OLD.stages) EXECUTE FUNCTION carried_questions_become_stale();

-- How far the revisions of matches have been followed, and when questions that time alone may end were looked at. What was
-- committed before this is seen when every tournament is looked at.
CREATE TABLE questions_followed (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    xid xid8 NOT NULL,
    seq bigint NOT NULL,
    looked_at timestamptz NOT NULL
) WITH (fillfactor = 50);
INSERT INTO questions_followed (xid, seq, looked_at)
VALUES (pg_snapshot_xmin(pg_current_snapshot()), 0, clock_timestamp());
