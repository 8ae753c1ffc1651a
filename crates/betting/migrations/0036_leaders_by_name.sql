-- Leaders are kept by name alone: what they have staked stands in their positions. So a bet of one who leads already writes
-- nothing here, and who leads is sought among few positions when the leader withdraws.
--
-- Whatever is above an outcome's floor, in the order (stake, earliest first), is in leaders; nothing else is.
--
-- Nothing is rewritten. The two columns are read no longer; they stay as long as calls of the functions before may run.
ALTER TABLE leaders
    ALTER COLUMN stake SET DEFAULT 1,
    ALTER COLUMN since_seq SET DEFAULT 0;

-- Raises the floor of each outcome that has too many leaders. The caller holds the markets.
CREATE OR REPLACE FUNCTION trim_leaders(outcome_ids uuid[]) RETURNS void
LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    outcome uuid;
    below record;
BEGIN
    FOR outcome IN
        SELECT outcome_id FROM leaders WHERE outcome_id = ANY (outcome_ids)
        GROUP BY outcome_id HAVING count(*) > 2 * leaders_kept() ORDER BY outcome_id
    LOOP
        SELECT p.stake, p.since_seq INTO below FROM leaders l
        CROSS JOIN LATERAL (
            SELECT * FROM positions WHERE outcome_id = outcome AND account_id = l.account_id LIMIT 1
        ) p
        WHERE l.outcome_id = outcome ORDER BY p.stake DESC, p.since_seq OFFSET leaders_kept() LIMIT 1;
        DELETE FROM leaders l
        WHERE l.outcome_id = outcome AND (
            SELECT (p.stake, -p.since_seq) <= (below.stake, -below.since_seq) FROM positions p
            WHERE p.outcome_id = outcome AND p.account_id = l.account_id LIMIT 1
        );
        UPDATE outcomes SET floor_stake = below.stake, floor_seq = below.since_seq WHERE outcome_id = outcome;
    END LOOP;
END
$$;

-- Looks through all positions of an outcome whose leaders have all withdrawn. The caller holds the market.
CREATE OR REPLACE FUNCTION rank_leaders(outcome uuid) RETURNS void
LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    WITH best AS (
        SELECT account_id, stake, since_seq, row_number() OVER (ORDER BY stake DESC, since_seq) AS place
        FROM (
            SELECT * FROM positions WHERE outcome_id = outcome AND stake > 0
            ORDER BY stake DESC, since_seq LIMIT leaders_kept() + 1
        ) p
    ), ranked AS (
        INSERT INTO leaders (outcome_id, account_id)
        SELECT outcome, account_id FROM best WHERE place <= leaders_kept() ORDER BY account_id
    )
    UPDATE outcomes o SET floor_stake = coalesce(below.stake, 0), floor_seq = coalesce(below.since_seq, 0)
    FROM (SELECT max(stake) AS stake, max(since_seq) AS since_seq FROM best WHERE place > leaders_kept()) below
    WHERE o.outcome_id = outcome;
END
$$;

-- Records bets whose stakes the ledger has taken, in the given order, and answers each with its present state.
-- A bet that is there already stays as it is. A bet that finds its market closed becomes a tombstone with a refund owed.
-- The ids are distinct. Plans must not depend on how full the tables were when they were made: hence no sequential scans,
-- and LATERAL … LIMIT 1 where an index has to be used for each item.
CREATE OR REPLACE FUNCTION record_bets(
    bet_ids uuid[], account_ids uuid[], market_ids uuid[], outcome_ids uuid[], stakes bigint[], fingerprints bytea[],
    patience_ms int DEFAULT 0
) RETURNS SETOF bets
LANGUAGE plpgsql SET enable_seqscan = off SET jit = off AS $$
DECLARE
    instant timestamptz;
    entered uuid[];
BEGIN
    IF patience_ms > 0 THEN
        PERFORM set_config('lock_timeout', patience_ms || 'ms', true);
    END IF;
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
    ), floor AS MATERIALIZED (
        SELECT b.outcome_id, o.floor_stake, o.floor_seq FROM best b
        CROSS JOIN LATERAL (SELECT * FROM outcomes WHERE outcome_id = b.outcome_id LIMIT 1) o
    ), leader AS (
        INSERT INTO leaders (outcome_id, account_id)
        SELECT p.outcome_id, p.account_id FROM position p JOIN floor f USING (outcome_id)
        WHERE (p.stake, -p.since_seq) > (f.floor_stake, -f.floor_seq) ORDER BY p.outcome_id, p.account_id
        ON CONFLICT (outcome_id, account_id) DO NOTHING
        RETURNING outcome_id
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
    ), market AS (
        UPDATE markets m SET pool = m.pool + added.stake, revision = m.revision + 1
        FROM (
            SELECT market_id, sum(stake) AS stake FROM recorded WHERE state = 'accepted' GROUP BY market_id
        ) added
        WHERE m.market_id = added.market_id
    )
    SELECT array_agg(DISTINCT outcome_id) INTO entered FROM leader;
    IF entered IS NOT NULL THEN
        PERFORM trim_leaders(entered);
    END IF;

    RETURN QUERY
    SELECT b.* FROM unnest(bet_ids) WITH ORDINALITY AS i (bet_id, place)
    CROSS JOIN LATERAL (SELECT * FROM bets WHERE bet_id = i.bet_id LIMIT 1) b
    ORDER BY i.place;
END
$$;

-- Takes accepted bets off their market and owes their stakes back. The caller holds the market's lock.
CREATE OR REPLACE FUNCTION withdraw_bets(bet_ids uuid[], new_state text, owed_kind text, instant timestamptz)
RETURNS bigint
LANGUAGE plpgsql SET enable_seqscan = off SET jit = off AS $$
DECLARE
    withdrawn uuid[];
BEGIN
    WITH closed AS (
        UPDATE bets SET state = new_state, returned = stake, closed_at = instant, changed_xid = pg_current_xact_id()
        WHERE bet_id = ANY (bet_ids) AND state = 'accepted'
        RETURNING bet_id
    )
    SELECT array_agg(bet_id) INTO withdrawn FROM closed;
    IF withdrawn IS NULL THEN
        RETURN 0;
    END IF;

    INSERT INTO owed (bet_id, account_id, market_id, kind, points, staked)
    SELECT bet_id, account_id, market_id, owed_kind, stake, stake FROM bets
    WHERE bet_id = ANY (withdrawn) ORDER BY bet_id;

    UPDATE positions p SET
        stake = p.stake - gone.stake,
        bets = p.bets - gone.bets,
        since_seq = CASE
            WHEN p.since_seq >= gone.first_seq AND p.bets > gone.bets THEN (
                SELECT b.seq FROM bets b
                WHERE b.account_id = p.account_id AND b.outcome_id = p.outcome_id AND b.seq >= p.since_seq
                    AND b.state = 'accepted' AND b.bet_id <> ALL (withdrawn)
                ORDER BY b.seq LIMIT 1
            )
            ELSE p.since_seq
        END
    FROM (
        SELECT outcome_id, account_id, sum(stake) AS stake, count(*) AS bets, min(seq) AS first_seq FROM bets
        WHERE bet_id = ANY (withdrawn) GROUP BY outcome_id, account_id
    ) gone
    WHERE p.outcome_id = gone.outcome_id AND p.account_id = gone.account_id;

    DELETE FROM leaders l
    USING (SELECT DISTINCT outcome_id, account_id FROM bets WHERE bet_id = ANY (withdrawn)) gone
    JOIN positions p USING (outcome_id, account_id) JOIN outcomes o USING (outcome_id)
    WHERE l.outcome_id = gone.outcome_id AND l.account_id = gone.account_id
        AND (p.stake, -p.since_seq) <= (o.floor_stake, -o.floor_seq);

    -- Below a floor of 0 there is nobody.
    PERFORM rank_leaders(o.outcome_id)
    FROM (SELECT DISTINCT outcome_id, account_id FROM bets WHERE bet_id = ANY (withdrawn)) gone
    JOIN outcomes o USING (outcome_id)
    WHERE gone.account_id = o.top_account_id AND o.floor_stake > 0
        AND NOT EXISTS (SELECT FROM leaders l WHERE l.outcome_id = o.outcome_id);

    UPDATE outcomes o SET
        pool = o.pool - gone.stake,
        bettors = o.bettors - gone.bettors,
        top_account_id = CASE WHEN gone.has_leader THEN next.account_id ELSE o.top_account_id END,
        top_stake = CASE WHEN gone.has_leader THEN coalesce(next.stake, 0) ELSE o.top_stake END,
        top_seq = CASE WHEN gone.has_leader THEN next.since_seq ELSE o.top_seq END
    FROM (
        SELECT b.outcome_id, sum(b.stake) AS stake,
            count(DISTINCT b.account_id) FILTER (WHERE p.bets = 0) AS bettors,
            bool_or(b.account_id = leader.top_account_id) AS has_leader
        FROM bets b
        JOIN positions p USING (outcome_id, account_id)
        JOIN outcomes leader USING (outcome_id)
        WHERE b.bet_id = ANY (withdrawn) GROUP BY b.outcome_id
    ) gone
    LEFT JOIN LATERAL (
        SELECT p.account_id, p.stake, p.since_seq FROM leaders l JOIN positions p USING (outcome_id, account_id)
        WHERE l.outcome_id = gone.outcome_id AND gone.has_leader AND p.stake > 0
        ORDER BY p.stake DESC, p.since_seq LIMIT 1
    ) next ON true
    WHERE o.outcome_id = gone.outcome_id;

    UPDATE markets m SET pool = m.pool - gone.stake, revision = m.revision + 1
    FROM (SELECT market_id, sum(stake) AS stake FROM bets WHERE bet_id = ANY (withdrawn) GROUP BY market_id) gone
    WHERE m.market_id = gone.market_id;

    RETURN cardinality(withdrawn);
END
$$;
