-- Records how settled bets ended and moves their stakes from "staked" into the profit, once per bet.
--
-- Only a bet whose stake stands, unrefunded, with the same account, market and points is recorded; of the others
-- `unknown` tells the number. Locks in the order of apply_transfers: accounts first, by id.
CREATE FUNCTION record_results(
    bet_ids uuid[], stake_ids uuid[], account_ids uuid[], market_ids uuid[], stakes bigint[], payouts bigint[],
    OUT recorded bigint, OUT unknown bigint
) LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    fitting boolean[];
BEGIN
    PERFORM FROM user_balances b WHERE b.account_id = ANY (account_ids) ORDER BY b.account_id FOR NO KEY UPDATE;

    SELECT array_agg(t.transfer_id IS NOT NULL AND r.transfer_id IS NULL ORDER BY i.n) INTO fitting
    FROM unnest(bet_ids, stake_ids, account_ids, market_ids, stakes)
        WITH ORDINALITY AS i (bet_id, stake_id, account_id, market_id, staked, n)
    LEFT JOIN LATERAL (
        SELECT * FROM transfers s
        WHERE s.transfer_id = i.stake_id AND s.kind = 'stake'
            AND (s.bet_id, s.account_id, s.market_id, s.points) = (i.bet_id, i.account_id, i.market_id, i.staked)
        LIMIT 1
    ) t ON true
    LEFT JOIN LATERAL (
        SELECT * FROM transfers c
        WHERE c.closes_transfer_id = i.stake_id AND c.kind IN ('cancel', 'void', 'tombstone')
        LIMIT 1
    ) r ON true;
    unknown := cardinality(array_positions(fitting, false));

    WITH results AS (
        INSERT INTO bet_results (bet_id, account_id, market_id, staked, paid, created_at)
        SELECT bet_id, account_id, market_id, staked, paid, clock_timestamp()
        FROM unnest(bet_ids, account_ids, market_ids, stakes, payouts, fitting)
            AS i (bet_id, account_id, market_id, staked, paid, fits)
        WHERE fits
        ORDER BY bet_id
        ON CONFLICT DO NOTHING
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
    SELECT coalesce(sum(results), 0)::bigint INTO recorded FROM changed;
END
$$;
