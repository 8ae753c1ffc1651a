-- Ranks without counting everybody: how many accounts have a greater profit is known at anchors, which lie so close that
-- fewer than 256 accounts (or one profit, shared by however many) stand between two of them. The anchors are some seconds
-- old; who stands between one's anchor and oneself is counted as it is now.
CREATE TABLE rank_anchors (
    profit bigint PRIMARY KEY,
    -- Accounts of a greater profit.
    better bigint NOT NULL,
    -- Accounts of this profit.
    accounts bigint NOT NULL
);

-- When the anchors are to be renewed, by whichever replica comes first.
CREATE TABLE rank_snapshot (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    taken_at timestamptz NOT NULL,
    next_at timestamptz NOT NULL
);

-- One pass over all accounts.
CREATE FUNCTION renew_rank_anchors() RETURNS void LANGUAGE sql AS $$
    DELETE FROM rank_anchors;
    INSERT INTO rank_anchors (profit, better, accounts)
    SELECT profit, better, accounts
    FROM (
        SELECT profit, count(*) AS accounts,
            (sum(count(*)) OVER (ORDER BY profit DESC))::bigint - count(*) AS better
        FROM user_balances
        GROUP BY profit
    ) places
    WHERE better / 256 <> (better + accounts) / 256;
$$;

-- On a live table: reads it once, about half a second for a million accounts; no bet waits for that.
SELECT renew_rank_anchors();
INSERT INTO rank_snapshot (taken_at, next_at) VALUES (clock_timestamp(), clock_timestamp());
