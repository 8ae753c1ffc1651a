CREATE TYPE transfer_kind AS ENUM (
    'signup_grant', 'daily_grant', 'stake', 'payout', 'cancel', 'void', 'tombstone', 'correction'
);

CREATE TYPE transfer_outcome AS ENUM (
    'applied', 'already_applied', 'conflict', 'insufficient_points', 'unknown_account', 'stake_revoked',
    'stake_missing', 'limit_exceeded'
);

-- The system account that grants and corrections are paid from.
CREATE FUNCTION house() RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '00000000-0000-0000-0000-000000000001'::uuid;

-- The system account at the other end of a transfer: the house, or the market's pool.
CREATE FUNCTION counterpart(kind transfer_kind, market_id uuid) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN kind IN ('signup_grant', 'daily_grant', 'correction') THEN house() ELSE market_id END;

-- Orders transfers within a transaction. Within one account it also orders transactions, because a transfer is
-- numbered while its account's row is locked.
CREATE SEQUENCE transfers_seq;

CREATE TABLE transfers (
    transfer_id uuid PRIMARY KEY,
    -- Readers of the feed stay below the oldest transaction that is still under way; so they never see a later
    -- commit before an earlier one. Transaction ids do not survive a logical restore into another cluster.
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    seq bigint NOT NULL DEFAULT nextval('transfers_seq'),
    kind transfer_kind NOT NULL,
    -- No foreign key: apply_transfers holds the account's row locked, a second look at it would double the cost.
    account_id uuid NOT NULL,
    market_id uuid,
    bet_id uuid,
    debit_id uuid NOT NULL GENERATED ALWAYS AS (
        CASE WHEN kind = 'stake' THEN account_id ELSE counterpart(kind, market_id) END
    ) STORED,
    credit_id uuid NOT NULL GENERATED ALWAYS AS (
        CASE WHEN kind = 'stake' THEN counterpart(kind, market_id) ELSE account_id END
    ) STORED,
    points bigint NOT NULL CHECK (points > 0),
    fingerprint bytea NOT NULL,
    closes_transfer_id uuid,
    created_at timestamptz NOT NULL,
    CHECK ((kind IN ('payout', 'cancel', 'void', 'tombstone', 'correction')) = (closes_transfer_id IS NOT NULL))
);

ALTER SEQUENCE transfers_seq OWNED BY transfers.seq;

CREATE INDEX transfers_feed ON transfers (xid, seq);
CREATE INDEX transfers_statement ON transfers (account_id, seq DESC);
-- A stake is given back or paid at most once, whatever id the closing transfer has.
CREATE UNIQUE INDEX transfers_one_closing ON transfers (closes_transfer_id)
    WHERE kind IN ('payout', 'cancel', 'void', 'tombstone');

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER transfers_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON transfers
    EXECUTE FUNCTION refuse_change();

-- The house, and the pool of each market (ledger_id = market_id), each striped so that no row is hot.
CREATE TABLE system_balances (
    ledger_id uuid NOT NULL,
    stripe smallint NOT NULL,
    balance bigint NOT NULL,
    PRIMARY KEY (ledger_id, stripe)
) WITH (fillfactor = 50);

-- Stakes whose refund came first: they are refused for good.
CREATE TABLE refused_stakes (
    transfer_id uuid PRIMARY KEY,
    closing_id uuid NOT NULL,
    created_at timestamptz NOT NULL
);

-- How settled bets ended.
CREATE TABLE bet_results (
    bet_id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES user_balances,
    market_id uuid NOT NULL,
    staked bigint NOT NULL CHECK (staked > 0),
    paid bigint NOT NULL CHECK (paid >= 0),
    created_at timestamptz NOT NULL
);

CREATE TRIGGER bet_results_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON bet_results
    EXECUTE FUNCTION refuse_change();
