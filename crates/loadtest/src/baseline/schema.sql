-- The tables of the old design, in one database: an account, a game and a choice each have their sum in a row of their own.
CREATE TABLE accounts (
    account_id uuid PRIMARY KEY,
    points bigint NOT NULL CHECK (points >= 0)
);
CREATE TABLE games (
    game_id uuid PRIMARY KEY,
    match_id uuid NOT NULL,
    is_open boolean NOT NULL,
    pool bigint NOT NULL DEFAULT 0
);
CREATE TABLE choices (
    choice_id uuid PRIMARY KEY,
    game_id uuid NOT NULL REFERENCES games,
    pool bigint NOT NULL DEFAULT 0
);
CREATE INDEX ON choices (game_id);
CREATE TABLE bets (
    account_id uuid NOT NULL REFERENCES accounts,
    idempotency_key uuid NOT NULL,
    game_id uuid NOT NULL REFERENCES games,
    choice_id uuid NOT NULL REFERENCES choices,
    stake bigint NOT NULL,
    placed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, idempotency_key)
);
