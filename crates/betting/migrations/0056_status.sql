-- What anybody may ask about betting as a whole, whichever replica answers: how many bets were accepted lately, and since when markets
-- have been ending.
--
-- A new table, a column without a default, a trigger that only runs where a market changes its state, and a column with a default on a
-- table that is nearly always empty: at once, on a live database.

-- Bets that were accepted, by ten seconds. Each replica adds what it has accepted every other second. Only shown: nothing follows from
-- it, and a crash loses the count of that time.
CREATE TABLE accepted_bets (
    begins timestamptz PRIMARY KEY,
    bets   bigint NOT NULL CHECK (bets >= 0)
) WITH (fillfactor = 50);

-- From now on it is counted.
INSERT INTO accepted_bets VALUES (date_bin('10 seconds', clock_timestamp(), 'epoch'), 0);

-- Since when a market has been on its way to its end; it stays when it has ended. Whoever decides or voids need not know of it, nor does a
-- replica of the release before.
ALTER TABLE markets ADD COLUMN ending_since timestamptz;

CREATE FUNCTION note_ending() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.ending_since := clock_timestamp();
    RETURN NEW;
END
$$;

CREATE TRIGGER markets_ending BEFORE UPDATE OF state, decided_outcome_id ON markets
    FOR EACH ROW WHEN (
        NEW.ending_since IS NULL
        AND (NEW.state IN ('settling', 'voiding') OR NEW.state = 'locked' AND NEW.decided_outcome_id IS NOT NULL)
    ) EXECUTE FUNCTION note_ending();

-- When it began is not known of those that are on their way now: they count from here. Nobody else holds a row, as the table is ours.
UPDATE markets SET ending_since = clock_timestamp()
WHERE state NOT IN ('settled', 'void')
    AND (state IN ('settling', 'voiding') OR (state = 'locked' AND decided_outcome_id IS NOT NULL));

ALTER TABLE late_refunds ADD COLUMN since timestamptz NOT NULL DEFAULT clock_timestamp();
