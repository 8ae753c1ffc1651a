-- Writes a tombstone, with its refund owed, for each of these stakes that has no bet, and answers how many.
--
-- No market is locked any more: a tombstone touches no pool and no position, and whether it or the bet comes first is decided by
-- the bet's primary key. So a market that somebody holds keeps no stake of any other market from going back. The order of the
-- ids is recovery's own; where a batch inserts the same ids in another order, one of the two is rolled back and tries again.
CREATE OR REPLACE FUNCTION tombstone_stakes(
    bet_ids uuid[], account_ids uuid[], market_ids uuid[], stakes bigint[], fingerprints bytea[]
) RETURNS bigint
LANGUAGE plpgsql SET enable_seqscan = off SET jit = off AS $$
DECLARE
    instant CONSTANT timestamptz := clock_timestamp();
    written bigint;
BEGIN
    WITH recorded AS (
        INSERT INTO bets (bet_id, account_id, market_id, stake, state, tombstone, placed_odds_hundredths, returned,
            fingerprint, recorded_at, closed_at)
        SELECT i.bet_id, i.account_id, i.market_id, i.stake, 'refunded',
            CASE WHEN takes_bets(m.state, m.lock_at, instant) THEN 'abandoned' ELSE 'market_locked' END,
            0, i.stake, i.fingerprint, instant, instant
        FROM unnest(bet_ids, account_ids, market_ids, stakes, fingerprints)
            AS i (bet_id, account_id, market_id, stake, fingerprint)
        LEFT JOIN LATERAL (SELECT * FROM markets WHERE market_id = i.market_id LIMIT 1) m ON true
        ORDER BY i.bet_id
        ON CONFLICT (bet_id) DO NOTHING
        RETURNING bet_id, account_id, market_id, stake
    ), refund AS (
        INSERT INTO owed (bet_id, account_id, market_id, kind, points, staked)
        SELECT bet_id, account_id, market_id, 'tombstone', stake, stake FROM recorded ORDER BY bet_id
    )
    SELECT count(*) INTO written FROM recorded;
    RETURN written;
END
$$;
