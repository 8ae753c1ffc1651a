-- Matches that an admin removed because they never were: in no list and no table, and cancelled for whoever follows the feed. With a
-- default that is stored nowhere and a check that looks at some thousand rows, so it runs at once on a live database. The release
-- before goes on: it lists such a match as cancelled, and has nothing that takes a match out of that state again.
ALTER TABLE matches
    ADD COLUMN removed boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT matches_removed_check CHECK (state = 'cancelled' OR NOT removed);
ALTER TABLE match_revisions ADD COLUMN removed boolean NOT NULL DEFAULT false;

CREATE OR REPLACE FUNCTION record_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO match_revisions (
        match_id, tournament_id, source_key, block, starts_at, best_of, state, team1_id, team2_id,
        team1_wins, team2_wins, winner_id, forfeited_by_id, needs_review, by_hand, removed, revision
    ) VALUES (
        NEW.match_id, NEW.tournament_id, NEW.source_key, NEW.block, NEW.starts_at, NEW.best_of, NEW.state,
        NEW.team1_id, NEW.team2_id, NEW.team1_wins, NEW.team2_wins, NEW.winner_id, NEW.forfeited_by_id,
        NEW.needs_review, NEW.by_hand, NEW.removed, NEW.revision
    );
    RETURN NULL;
END $$;
