-- What betting knows of each match, from the feed of league-schedule.
CREATE TABLE matches (
    match_id   uuid PRIMARY KEY,
    revision   bigint NOT NULL,
    state      text NOT NULL CHECK (state IN ('scheduled', 'in_progress', 'completed', 'forfeited', 'cancelled')),
    starts_at  timestamptz NOT NULL,
    team1_id   uuid,
    team2_id   uuid
);

-- Whoever changes a market, its outcomes, positions or bets holds the market's row lock first, and several markets are
-- locked in the order of their ids. So no two transactions can wait for each other.
CREATE TABLE markets (
    market_id            uuid PRIMARY KEY,
    match_id             uuid NOT NULL REFERENCES matches,
    template             text NOT NULL CHECK (template IN ('match_winner', 'exact_score', 'total_sets', 'custom')),
    question_en          text NOT NULL,
    question_ko          text NOT NULL,
    state                text NOT NULL DEFAULT 'open'
                         CHECK (state IN ('open', 'locked', 'settling', 'settled', 'voiding', 'void')),
    lock_at              timestamptz NOT NULL,
    pool                 bigint NOT NULL DEFAULT 0 CHECK (pool >= 0),
    settled_outcome_id   uuid,
    corrected_outcome_id uuid,
    winning_total        bigint CHECK (winning_total > 0),
    -- The last bet that is paid one point more than its share rounded down; absent when nothing was left over.
    cutoff_remainder     bigint,
    cutoff_seq           bigint,
    -- Bets up to this sequence are closed.
    close_cursor         bigint NOT NULL DEFAULT 0,
    void_reason          text CHECK (void_reason IN ('forfeit', 'cancelled', 'no_winning_stake', 'admin')),
    revision             bigint NOT NULL DEFAULT 1,
    created_at           timestamptz NOT NULL DEFAULT clock_timestamp(),
    closed_at            timestamptz,
    CHECK ((state IN ('settling', 'settled')) = (settled_outcome_id IS NOT NULL)),
    CHECK ((settled_outcome_id IS NULL) = (winning_total IS NULL)),
    CHECK ((cutoff_remainder IS NULL) = (cutoff_seq IS NULL)),
    CHECK ((state IN ('voiding', 'void')) = (void_reason IS NOT NULL)),
    CHECK ((state IN ('settled', 'void')) = (closed_at IS NOT NULL)),
    CHECK (corrected_outcome_id IS NULL OR state = 'settled')
) WITH (fillfactor = 50);

CREATE INDEX markets_of_match ON markets (match_id);
CREATE INDEX markets_live ON markets (market_id) WHERE state NOT IN ('settled', 'void');
CREATE INDEX markets_closed ON markets (closed_at) WHERE closed_at IS NOT NULL;

CREATE TABLE outcomes (
    outcome_id     uuid PRIMARY KEY,
    market_id      uuid NOT NULL REFERENCES markets,
    ordinal        int NOT NULL,
    key            text NOT NULL,
    label_en       text NOT NULL,
    label_ko       text NOT NULL,
    pool           bigint NOT NULL DEFAULT 0 CHECK (pool >= 0),
    bettors        bigint NOT NULL DEFAULT 0 CHECK (bettors >= 0),
    top_account_id uuid,
    top_stake      bigint NOT NULL DEFAULT 0 CHECK (top_stake >= 0),
    top_seq        bigint,
    UNIQUE (market_id, ordinal),
    UNIQUE (market_id, key),
    CHECK ((top_account_id IS NULL) = (top_stake = 0)),
    CHECK ((top_account_id IS NULL) = (top_seq IS NULL))
) WITH (fillfactor = 50);

-- Where each consumer of a feed stands. The lease only saves work; the cursor moves by compare-and-set.
CREATE TABLE feed_cursors (
    consumer     text PRIMARY KEY,
    cursor       text NOT NULL DEFAULT '',
    holder       uuid,
    leased_until timestamptz NOT NULL DEFAULT '-infinity'
);

INSERT INTO feed_cursors (consumer) VALUES ('league_schedule'), ('ledger');

CREATE TABLE incidents (
    incident_id uuid PRIMARY KEY,
    seq         bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    kind        text NOT NULL CHECK (kind IN ('result_changed', 'transfer_refused', 'audit_difference')),
    match_id    uuid,
    market_id   uuid,
    message     text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);
