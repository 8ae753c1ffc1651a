-- No foreign keys: record_bets checks market and outcome under the market's lock, and a check per bet is not free.
CREATE TABLE bets (
    bet_id                 uuid PRIMARY KEY,
    seq                    bigint GENERATED ALWAYS AS IDENTITY,
    account_id             uuid NOT NULL,
    market_id              uuid NOT NULL,
    -- Absent only where recovery knew no more than the stake.
    outcome_id             uuid,
    stake                  bigint NOT NULL CHECK (stake > 0),
    state                  text NOT NULL
                           CHECK (state IN ('accepted', 'cancelled', 'refunded', 'won', 'lost', 'void')),
    -- Why the stake never became a bet; absent for a bet that stood.
    tombstone              text CHECK (tombstone IN ('market_locked', 'abandoned')),
    placed_odds_hundredths bigint NOT NULL,
    returned               bigint NOT NULL DEFAULT 0 CHECK (returned >= 0),
    fingerprint            bytea NOT NULL CHECK (length(fingerprint) = 32),
    recorded_at            timestamptz NOT NULL,
    closed_at              timestamptz,
    changed_xid            xid8 NOT NULL DEFAULT pg_current_xact_id(),
    CHECK ((state = 'accepted') = (closed_at IS NULL)),
    CHECK (tombstone IS NULL OR state = 'refunded'),
    CHECK (outcome_id IS NOT NULL OR tombstone IS NOT NULL),
    CHECK (CASE state WHEN 'accepted' THEN returned = 0 WHEN 'lost' THEN returned = 0 WHEN 'won' THEN returned >= stake
           ELSE returned = stake END)
);

CREATE INDEX bets_of_account ON bets (account_id, seq);
CREATE INDEX bets_of_market ON bets (market_id, seq);
CREATE INDEX bets_changed ON bets (changed_xid, seq);

-- What each account has on each outcome. Bets that were cancelled or refunded do not count.
CREATE TABLE positions (
    outcome_id uuid NOT NULL,
    account_id uuid NOT NULL,
    stake      bigint NOT NULL CHECK (stake >= 0),
    bets       bigint NOT NULL CHECK (bets >= 0),
    -- The sequence of the earliest of these bets.
    since_seq  bigint NOT NULL,
    PRIMARY KEY (outcome_id, account_id),
    CHECK ((stake = 0) = (bets = 0))
) WITH (fillfactor = 50);

-- What the ledger has yet to be told. The key allows one closing and one correction per bet.
CREATE TABLE owed (
    bet_id       uuid NOT NULL,
    correction   boolean NOT NULL GENERATED ALWAYS AS (kind = 'correction') STORED,
    account_id   uuid NOT NULL,
    market_id    uuid NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('payout', 'lost', 'cancel', 'void', 'tombstone', 'correction')),
    points       bigint NOT NULL,
    staked       bigint NOT NULL CHECK (staked > 0),
    leased_until timestamptz NOT NULL DEFAULT '-infinity',
    -- The ledger refused it; a person has to look.
    parked       boolean NOT NULL DEFAULT false,
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (bet_id, correction),
    CHECK (CASE kind WHEN 'lost' THEN points = 0 ELSE points > 0 END)
);

CREATE INDEX owed_of_market ON owed (market_id);
