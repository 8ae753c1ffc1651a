-- Whether a market takes a bet at an instant. The lock's own instant is too late.
CREATE FUNCTION takes_bets(state text, lock_at timestamptz, instant timestamptz) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN state = 'open' AND instant < lock_at;

-- Records bets whose stakes the ledger has taken, in the given order, and answers each with its present state.
-- A bet that is there already stays as it is. A bet that finds its market closed becomes a tombstone with a refund owed.
-- The ids are distinct. Plans must not depend on how full the tables were when they were made: hence no sequential scans,
-- and LATERAL … LIMIT 1 where an index has to be used for each item.
CREATE FUNCTION record_bets(
    bet_ids uuid[], account_ids uuid[], market_ids uuid[], outcome_ids uuid[], stakes bigint[], fingerprints bytea[]
) RETURNS SETOF bets
LANGUAGE plpgsql SET enable_seqscan = off SET jit = off AS $$
DECLARE
    instant timestamptz;
BEGIN
    PERFORM FROM markets WHERE market_id = ANY (market_ids) ORDER BY market_id FOR NO KEY UPDATE;
    instant := clock_timestamp();

    WITH item AS (
        SELECT i.*, m.pool AS market_pool, o.pool AS outcome_pool,
            coalesce(takes_bets(m.state, m.lock_at, instant) AND o.pool IS NOT NULL, false) AS stands
        FROM unnest(bet_ids, account_ids, market_ids, outcome_ids, stakes, fingerprints) WITH ORDINALITY
            AS i (bet_id, account_id, market_id, outcome_id, stake, fingerprint, place)
        LEFT JOIN LATERAL (SELECT * FROM markets WHERE market_id = i.market_id LIMIT 1) m ON true
        LEFT JOIN LATERAL (
            SELECT * FROM outcomes WHERE outcome_id = i.outcome_id AND market_id = i.market_id LIMIT 1
        ) o ON true
        WHERE (SELECT true FROM bets b WHERE b.bet_id = i.bet_id) IS NULL
    ), recorded AS (
        INSERT INTO bets (bet_id, account_id, market_id, outcome_id, stake, state, tombstone, placed_odds_hundredths,
            returned, fingerprint, recorded_at, closed_at)
        SELECT bet_id, account_id, market_id, outcome_id, stake,
            CASE WHEN stands THEN 'accepted' ELSE 'refunded' END,
            CASE WHEN NOT stands THEN 'market_locked' END,
            CASE WHEN stands THEN div(
                (market_pool + sum(stake) FILTER (WHERE stands) OVER (PARTITION BY market_id ORDER BY place)) * 100,
                outcome_pool + sum(stake) FILTER (WHERE stands) OVER (PARTITION BY outcome_id ORDER BY place)
            ) ELSE 0 END,
            CASE WHEN stands THEN 0 ELSE stake END,
            fingerprint, instant,
            CASE WHEN NOT stands THEN instant END
        FROM item ORDER BY place
        ON CONFLICT (bet_id) DO NOTHING
        RETURNING bet_id, seq, account_id, market_id, outcome_id, stake, state
    ), refund AS (
        INSERT INTO owed (bet_id, account_id, market_id, kind, points, staked)
        SELECT bet_id, account_id, market_id, 'tombstone', stake, stake FROM recorded
        WHERE state = 'refunded' ORDER BY bet_id
    ), position AS (
        INSERT INTO positions AS p (outcome_id, account_id, stake, bets, since_seq)
        SELECT outcome_id, account_id, sum(stake), count(*), min(seq) FROM recorded
        WHERE state = 'accepted' GROUP BY outcome_id, account_id ORDER BY outcome_id, account_id
        ON CONFLICT (outcome_id, account_id) DO UPDATE SET
            stake = p.stake + excluded.stake,
            bets = p.bets + excluded.bets,
            since_seq = CASE WHEN p.bets = 0 THEN excluded.since_seq ELSE p.since_seq END
        -- Sequences are drawn under the market's lock: what is not below this batch's is new with it.
        RETURNING outcome_id, account_id, stake, since_seq,
            since_seq >= (SELECT min(seq) FROM recorded) AS is_new
    ), best AS (
        SELECT DISTINCT ON (outcome_id) outcome_id, account_id, stake, since_seq,
            count(*) FILTER (WHERE is_new) OVER (PARTITION BY outcome_id) AS newcomers
        FROM position ORDER BY outcome_id, stake DESC, since_seq
    ), outcome AS (
        -- Whoever led before either leads still or is among the positions of this batch.
        UPDATE outcomes o SET
            pool = o.pool + added.stake,
            bettors = o.bettors + b.newcomers,
            top_account_id = CASE WHEN leads THEN b.account_id ELSE o.top_account_id END,
            top_stake = CASE WHEN leads THEN b.stake ELSE o.top_stake END,
            top_seq = CASE WHEN leads THEN b.since_seq ELSE o.top_seq END
        FROM best b
        JOIN (
            SELECT outcome_id, sum(stake) AS stake FROM recorded WHERE state = 'accepted' GROUP BY outcome_id
        ) added USING (outcome_id)
        JOIN LATERAL (
            SELECT (b.stake, -b.since_seq) > (top_stake, -coalesce(top_seq, 0)) AS leads
            FROM outcomes WHERE outcome_id = b.outcome_id LIMIT 1
        ) lead ON true
        WHERE o.outcome_id = b.outcome_id
    )
    UPDATE markets m SET pool = m.pool + added.stake, revision = m.revision + 1
    FROM (
        SELECT market_id, sum(stake) AS stake FROM recorded WHERE state = 'accepted' GROUP BY market_id
    ) added
    WHERE m.market_id = added.market_id;

    RETURN QUERY
    SELECT b.* FROM unnest(bet_ids) WITH ORDINALITY AS i (bet_id, place)
    CROSS JOIN LATERAL (SELECT * FROM bets WHERE bet_id = i.bet_id LIMIT 1) b
    ORDER BY i.place;
END
$$;

-- Writes a tombstone, with its refund owed, for each of these stakes that has no bet, and answers how many.
CREATE FUNCTION tombstone_stakes(
    bet_ids uuid[], account_ids uuid[], market_ids uuid[], stakes bigint[], fingerprints bytea[]
) RETURNS bigint
LANGUAGE plpgsql SET enable_seqscan = off SET jit = off AS $$
DECLARE
    instant timestamptz;
    written bigint;
BEGIN
    PERFORM FROM markets WHERE market_id = ANY (market_ids) ORDER BY market_id FOR NO KEY UPDATE;
    instant := clock_timestamp();

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
