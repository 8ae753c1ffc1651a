-- Most calls bring bets that are not there yet, on markets that are open: they are recorded without looking for each bet and each
-- market, and only what the caller cannot know is given back (docs/adr/0037). record_bets stays for all others.
--
-- A function only: at once, on a live database.

-- Records bets whose stakes the ledger has just taken, in the given order. No row comes back, and nothing is recorded, where one of
-- them may not stand as it is: its market is closed or unknown, or has no such outcome. A bet or tombstone that is there already is a
-- unique violation. The ids are distinct.
CREATE FUNCTION record_new_bets(
    -- What is bet on: each outcome once, with its market.
    outcome_ids uuid[], market_ids uuid[],
    -- The bets; `choices` are places among the outcomes, from 1.
    bet_ids uuid[], account_ids uuid[], choices int[], stakes bigint[], fingerprints bytea[],
    -- What the bets of this call up to each, with it, stake on its market, and on its outcome.
    market_sums bigint[], outcome_sums bigint[],
    patience_ms int
) RETURNS TABLE (recorded_at timestamptz, sequences bigint[], odds bigint[])
LANGUAGE plpgsql SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_column
DECLARE
    instant timestamptz;
    market_pools bigint[];
    outcome_pools bigint[];
    of_periods int[];
    numbers bigint[];
    quotes bigint[];
    entered uuid[];
BEGIN
    IF patience_ms > 0 THEN
        PERFORM set_config('lock_timeout', patience_ms || 'ms', true);
    END IF;
    PERFORM FROM markets WHERE market_id = ANY (market_ids) ORDER BY market_id FOR NO KEY UPDATE;
    instant := clock_timestamp();

    SELECT array_agg(m.pool ORDER BY n), array_agg(o.pool ORDER BY n),
        array_agg(greatest(m.period, (SELECT min(period) FROM periods WHERE archived_at IS NULL)) ORDER BY n)
    INTO market_pools, outcome_pools, of_periods
    FROM unnest(market_ids, outcome_ids) WITH ORDINALITY AS i (market_id, outcome_id, n)
    CROSS JOIN LATERAL (SELECT * FROM markets WHERE market_id = i.market_id LIMIT 1) m
    CROSS JOIN LATERAL (
        SELECT * FROM outcomes WHERE outcome_id = i.outcome_id AND market_id = i.market_id LIMIT 1
    ) o
    WHERE takes_bets(m.state, m.lock_at, instant);
    IF of_periods IS NULL OR cardinality(of_periods) < cardinality(outcome_ids) THEN
        RETURN;
    END IF;

    SELECT array_agg(nextval('bets_sequence')),
        array_agg(div((market_pools[choice] + market_sum)::numeric * 100, outcome_pools[choice] + outcome_sum)::bigint)
    INTO numbers, quotes
    FROM unnest(choices, market_sums, outcome_sums) AS i (choice, market_sum, outcome_sum);

    INSERT INTO bets (bet_id, seq, account_id, market_id, outcome_id, stake, state, placed_odds_hundredths, fingerprint,
        recorded_at, period)
    SELECT bet_id, seq, account_id, market_ids[choice], outcome_ids[choice], stake, 'accepted', placed_odds, fingerprint,
        instant, of_periods[choice]
    FROM unnest(bet_ids, numbers, account_ids, choices, stakes, quotes, fingerprints)
        AS i (bet_id, seq, account_id, choice, stake, placed_odds, fingerprint);

    WITH moved AS MATERIALIZED (
        SELECT outcome_ids[choice] AS outcome_id, account_id, sum(stake) AS stake, count(*) AS bets, min(seq) AS since_seq
        FROM unnest(choices, account_ids, stakes, numbers) AS i (choice, account_id, stake, seq)
        GROUP BY choice, account_id
    ), position AS (
        INSERT INTO positions AS p (outcome_id, account_id, stake, bets, since_seq)
        SELECT outcome_id, account_id, stake, bets, since_seq FROM moved ORDER BY outcome_id, account_id
        ON CONFLICT (outcome_id, account_id) DO UPDATE SET
            stake = p.stake + excluded.stake,
            bets = p.bets + excluded.bets,
            since_seq = CASE WHEN p.bets = 0 THEN excluded.since_seq ELSE p.since_seq END
        -- Sequences are drawn under the market's lock: what is not below this call's is new with it.
        RETURNING outcome_id, account_id, stake, since_seq, since_seq >= numbers[1] AS is_new
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
        -- Whoever led before either leads still or is among the positions of this call.
        UPDATE outcomes o SET
            pool = o.pool + added.stake,
            bettors = o.bettors + b.newcomers,
            top_account_id = CASE WHEN leads THEN b.account_id ELSE o.top_account_id END,
            top_stake = CASE WHEN leads THEN b.stake ELSE o.top_stake END,
            top_seq = CASE WHEN leads THEN b.since_seq ELSE o.top_seq END
        FROM best b
        JOIN (SELECT outcome_id, sum(stake) AS stake FROM moved GROUP BY outcome_id) added USING (outcome_id)
        JOIN LATERAL (
            SELECT (b.stake, -b.since_seq) > (top_stake, -coalesce(top_seq, 0)) AS leads
            FROM outcomes WHERE outcome_id = b.outcome_id LIMIT 1
        ) lead ON true
        WHERE o.outcome_id = b.outcome_id
    ), market AS (
        UPDATE markets m SET pool = m.pool + added.stake, revision = m.revision + 1
        FROM (
            SELECT market_ids[choice] AS market_id, sum(stake) AS stake
            FROM unnest(choices, stakes) AS i (choice, stake) GROUP BY 1
        ) added
        WHERE m.market_id = added.market_id
    )
    SELECT array_agg(DISTINCT outcome_id) INTO entered FROM leader;
    IF entered IS NOT NULL THEN
        PERFORM trim_leaders(entered);
    END IF;
    RETURN QUERY SELECT instant, numbers, quotes;
END
$$;
