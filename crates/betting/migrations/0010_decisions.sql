-- Whatever grows with the number of a market's bets is done by a worker, in chunks. Who decides only marks the market.
-- These tables are small (markets) or new, so that nothing here takes long on a live table.

-- The outcome that a market is to settle on, remembered for good: also where nobody had a stake on it. While the market is
-- `locked` its bets are being counted, and nothing but that outcome can come of it any more.
ALTER TABLE markets ADD COLUMN decided_outcome_id uuid;
ALTER TABLE markets ADD CONSTRAINT markets_decided CHECK (
    decided_outcome_id IS NULL
    OR (state <> 'open' AND (settled_outcome_id IS NULL OR settled_outcome_id = decided_outcome_id))
);
-- Which replica counts a market's bets, and until when the others leave it alone. It only saves work.
ALTER TABLE markets ADD COLUMN claimed_by uuid;
ALTER TABLE markets ADD COLUMN claimed_until timestamptz NOT NULL DEFAULT '-infinity';

-- A void market can be corrected too.
ALTER TABLE markets DROP CONSTRAINT markets_check5;
ALTER TABLE markets ADD CONSTRAINT markets_corrected CHECK (
    corrected_outcome_id IS NULL OR state IN ('settled', 'void')
);

-- Bets that are still to be refunded because a market's lock moved to before them. A row is gone when all are.
CREATE TABLE late_refunds (
    market_id     uuid NOT NULL REFERENCES markets,
    -- The lock that moved: bets recorded at or after it are late …
    recorded_from timestamptz NOT NULL,
    -- … up to when the market opened again; absent while it has not.
    recorded_to   timestamptz,
    -- Bets up to this sequence have been looked at.
    cursor        bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (market_id, recorded_from)
);

-- What the house pays for a market that was decided wrongly: one row for each such market.
CREATE TABLE corrections (
    market_id        uuid PRIMARY KEY REFERENCES markets,
    outcome_id       uuid NOT NULL,
    -- How the pool is divided, frozen before anything is owed; absent while the bets are counted, or when there are none.
    winning_total    bigint CHECK (winning_total > 0),
    cutoff_remainder bigint,
    cutoff_seq       bigint,
    -- Bets on the outcome; absent while they are counted.
    bets             bigint CHECK (bets >= 0),
    -- What is owed to bets up to this sequence has been written down.
    cursor           bigint NOT NULL DEFAULT 0,
    created_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- When everything was.
    done_at          timestamptz,
    CHECK ((cutoff_remainder IS NULL) = (cutoff_seq IS NULL)),
    CHECK (winning_total IS NULL OR bets > 0)
);

CREATE INDEX corrections_pending ON corrections (market_id) WHERE done_at IS NULL;

-- Those of before were written down at once.
INSERT INTO corrections (market_id, outcome_id, bets, cursor, done_at)
SELECT m.market_id, m.corrected_outcome_id, n.bets, 9223372036854775807, clock_timestamp()
FROM markets m CROSS JOIN LATERAL (
    SELECT count(*) AS bets FROM bets b
    WHERE b.market_id = m.market_id AND b.outcome_id = m.corrected_outcome_id AND b.state = 'lost'
) n
WHERE m.corrected_outcome_id IS NOT NULL;
