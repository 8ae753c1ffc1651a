-- Results are looked up and written in one statement (docs/adr/0042). Function only: at once, on a live database.

-- Records how settled bets ended and moves their stakes from "staked" into the profit, once per bet.
--
-- Only a bet whose stake stands, unrefunded, with the same account, market and points is recorded; of the others `unknown` tells the
-- number. Locks in the order of apply_transfers: accounts first, by id. Who records the result of a bet holds its account, so that what
-- is looked up after that is the last word, and no insertion can meet another: to look for that at each (ON CONFLICT) would cost each a
-- record of the log. A bet that is named twice counts once.
CREATE OR REPLACE FUNCTION record_results(
    bet_ids uuid[], stake_ids uuid[], account_ids uuid[], market_ids uuid[], stakes bigint[], payouts bigint[],
    OUT recorded bigint, OUT unknown bigint
) LANGUAGE plpgsql SET enable_seqscan = off SET jit = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    -- First of all, so that whatever is looked up is looked up while the period is held.
    chosen_period CONSTANT int := write_period();
    instant CONSTANT timestamptz := clock_timestamp();
BEGIN
    PERFORM FROM user_balances b WHERE b.account_id = ANY (account_ids) ORDER BY b.account_id FOR NO KEY UPDATE;

    WITH looked_up AS MATERIALIZED (
        SELECT i.*, t.there IS NOT NULL AND r.there IS NULL AS fits, b.there IS NOT NULL AS is_known
        FROM unnest(bet_ids, stake_ids, account_ids, market_ids, stakes, payouts)
            AS i (bet_id, stake_id, account_id, market_id, staked, paid)
        LEFT JOIN LATERAL (
            SELECT true AS there FROM transfers s
            WHERE s.transfer_id = i.stake_id AND s.kind = 'stake'
                AND (s.bet_id, s.account_id, s.market_id, s.points) = (i.bet_id, i.account_id, i.market_id, i.staked)
            LIMIT 1
        ) t ON true
        LEFT JOIN LATERAL (
            SELECT true AS there FROM transfers c
            WHERE c.closes_transfer_id = i.stake_id AND c.kind IN ('cancel', 'void', 'tombstone')
            LIMIT 1
        ) r ON true
        LEFT JOIN LATERAL (SELECT true AS there FROM bet_results b WHERE b.bet_id = i.bet_id LIMIT 1) b ON true
    ), results AS (
        INSERT INTO bet_results (bet_id, account_id, market_id, staked, paid, created_at, period)
        SELECT DISTINCT ON (bet_id) bet_id, account_id, market_id, staked, paid, instant, chosen_period
        FROM looked_up WHERE fits AND NOT is_known
        ORDER BY bet_id
        RETURNING account_id, staked, paid
    ), changes AS (
        SELECT account_id, sum(staked)::bigint AS staked, sum(paid - staked)::bigint AS profit, count(*) AS results
        FROM results
        GROUP BY account_id
    ), changed AS (
        UPDATE user_balances b SET staked = b.staked - c.staked, profit = b.profit + c.profit
        FROM changes c
        WHERE b.account_id = c.account_id
        RETURNING c.results
    )
    SELECT (SELECT coalesce(sum(results), 0)::bigint FROM changed), (SELECT count(*) FROM looked_up WHERE NOT fits)
    INTO recorded, unknown;
END
$$;
