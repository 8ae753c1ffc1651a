-- The audit's own books. Each table named audit_* follows from bets and ledger and can be truncated at any time, as it must be
-- after a restore: the audit then counts everything once more, in chunks.

-- Who audits: one replica at a time. The cursor of this row is not used.
INSERT INTO feed_cursors (consumer) VALUES ('audit');

CREATE TABLE audit_cursors (
    name text PRIMARY KEY,
    -- For bets: all up to this place, in the order of their last change, have been compared with the ledger and counted.
    xid  xid8 NOT NULL DEFAULT '0',
    seq  bigint NOT NULL DEFAULT 0,
    -- For what is looked at in turn: the last one that was.
    id   uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    other_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    succeeded_at timestamptz
);

-- What has been counted of a market, and what is left to look at. Everything that a bet adds is counted once, when the market
-- is folded: within a market sequences are drawn under its lock, so what is new lies behind folded_seq. Everything that the
-- end of a bet takes away or pays is counted once, when the bet passes in the order of changes: no bet ends twice.
CREATE TABLE audit_markets (
    market_id  uuid PRIMARY KEY,
    folded_seq bigint NOT NULL DEFAULT 0,
    closed     bigint NOT NULL DEFAULT 0,
    returned   bigint NOT NULL DEFAULT 0,
    -- Bets changed since it was last found equal.
    dirty      boolean NOT NULL DEFAULT true,
    -- It is final, and the ledger holds nothing for it.
    emptied    boolean NOT NULL DEFAULT false,
    -- Of a final market for which the ledger holds something: its bets up to here have been compared with the ledger.
    examined_seq bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 70);

CREATE INDEX audit_markets_dirty ON audit_markets (market_id) WHERE dirty;
CREATE INDEX audit_markets_filled ON audit_markets (market_id) WHERE NOT emptied;

CREATE TABLE audit_outcomes (
    outcome_id uuid PRIMARY KEY,
    market_id  uuid NOT NULL,
    stake      bigint NOT NULL,
    bets       bigint NOT NULL,
    bettors    bigint NOT NULL
) WITH (fillfactor = 70);

CREATE INDEX audit_outcomes_of_market ON audit_outcomes (market_id);

CREATE TABLE audit_positions (
    outcome_id uuid NOT NULL,
    account_id uuid NOT NULL,
    stake      bigint NOT NULL,
    bets       bigint NOT NULL,
    PRIMARY KEY (outcome_id, account_id)
) WITH (fillfactor = 70);

-- What does not agree, until it does. What takes a while by right counts only once it is confirmed.
CREATE TABLE audit_findings (
    check_name  text NOT NULL,
    subject     text NOT NULL,
    market_id   uuid,
    bet_id      uuid,
    -- Of a transfer that does not follow from its bet.
    account_id  uuid,
    kind        text,
    points      bigint,
    expected    text NOT NULL,
    found       text NOT NULL,
    confirmed   boolean NOT NULL DEFAULT true,
    incident_id uuid NOT NULL,
    first_seen  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (check_name, subject)
);

CREATE INDEX audit_findings_of_market ON audit_findings (market_id);
CREATE INDEX audit_findings_of_bet ON audit_findings (bet_id);
CREATE INDEX audit_findings_of_incident ON audit_findings (incident_id);

-- The kinds are the code's to know: a list of them here would have to be written anew with each new one.
ALTER TABLE incidents DROP CONSTRAINT incidents_kind_check;
ALTER TABLE incidents ADD CONSTRAINT incidents_kind_check CHECK (kind ~ '^[a-z]+(_[a-z]+)*$');
