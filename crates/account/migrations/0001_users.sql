CREATE TABLE users (
    account_id uuid PRIMARY KEY,
    username text NOT NULL,
    -- What is compared: NFKC in lower case.
    username_key text NOT NULL CONSTRAINT users_username_key UNIQUE,
    password_hash text NOT NULL,
    role text NOT NULL CHECK (role IN ('user', 'admin')),
    created_at timestamptz NOT NULL
);

-- One row per account, written by every bet: half of each page stays free so that updates stay HOT.
-- No index may cover balance or staked for the same reason.
CREATE TABLE user_balances (
    account_id uuid PRIMARY KEY REFERENCES users,
    balance bigint NOT NULL DEFAULT 0 CONSTRAINT balance_not_negative CHECK (balance >= 0),
    -- Points held in bets that are not decided yet.
    staked bigint NOT NULL DEFAULT 0 CONSTRAINT staked_not_negative CHECK (staked >= 0),
    -- Points won minus points staked, over settled markets.
    profit bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

CREATE INDEX user_balances_by_profit ON user_balances (profit DESC, account_id);
