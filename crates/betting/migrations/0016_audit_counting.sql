-- How the audit counts. Plans must not depend on how full the tables were when they were made: hence no sequential scans.

-- Adds stakes (sign 1) to positions and outcomes, or takes them off (sign -1).
CREATE FUNCTION audit_add(
    market_ids uuid[], outcome_ids uuid[], account_ids uuid[], stakes bigint[], signs bigint[]
) RETURNS void
LANGUAGE plpgsql SET enable_seqscan = off SET jit = off AS $$
BEGIN
    WITH change AS (
        SELECT market_id, outcome_id, account_id, sum(stake * sign)::bigint AS stake, sum(sign)::bigint AS bets
        FROM unnest(market_ids, outcome_ids, account_ids, stakes, signs)
            AS i (market_id, outcome_id, account_id, stake, sign)
        GROUP BY market_id, outcome_id, account_id
    ), position AS (
        INSERT INTO audit_positions AS p (outcome_id, account_id, stake, bets)
        SELECT outcome_id, account_id, stake, bets FROM change ORDER BY outcome_id, account_id
        ON CONFLICT (outcome_id, account_id) DO UPDATE SET
            stake = p.stake + excluded.stake, bets = p.bets + excluded.bets
        RETURNING outcome_id, account_id, bets
    )
    INSERT INTO audit_outcomes AS o (outcome_id, market_id, stake, bets, bettors)
    SELECT c.outcome_id, c.market_id, sum(c.stake), sum(c.bets),
        sum((p.bets > 0)::int - (p.bets - c.bets > 0)::int)
    FROM change c JOIN position p USING (outcome_id, account_id)
    GROUP BY c.outcome_id, c.market_id ORDER BY c.outcome_id
    ON CONFLICT (outcome_id) DO UPDATE SET
        stake = o.stake + excluded.stake, bets = o.bets + excluded.bets, bettors = o.bettors + excluded.bettors;
END
$$;

-- Counts the market's next bets, at most `chunk`, and answers how many these were and which positions they touched.
CREATE FUNCTION audit_fold(market uuid, chunk bigint, OUT counted bigint, OUT outcome_ids uuid[], OUT account_ids uuid[])
LANGUAGE plpgsql SET enable_seqscan = off SET jit = off AS $$
DECLARE
    start bigint;
    last bigint;
    stakes bigint[];
BEGIN
    INSERT INTO audit_markets (market_id) VALUES (market) ON CONFLICT DO NOTHING;
    SELECT folded_seq INTO start FROM audit_markets WHERE market_id = market FOR NO KEY UPDATE;
    SELECT count(*), max(seq), array_agg(outcome_id) FILTER (WHERE stood), array_agg(account_id) FILTER (WHERE stood),
        array_agg(stake) FILTER (WHERE stood)
    INTO counted, last, outcome_ids, account_ids, stakes
    FROM (
        SELECT seq, outcome_id, account_id, stake, tombstone IS NULL AS stood FROM bets
        WHERE market_id = market AND seq > start ORDER BY seq LIMIT chunk
    ) page;
    IF counted > 0 THEN
        UPDATE audit_markets SET folded_seq = last WHERE market_id = market;
    END IF;
    IF outcome_ids IS NULL THEN
        outcome_ids := '{}';
        account_ids := '{}';
    ELSE
        PERFORM audit_add(array_fill(market, ARRAY[cardinality(outcome_ids)]), outcome_ids, account_ids, stakes,
            array_fill(1::bigint, ARRAY[cardinality(outcome_ids)]));
    END IF;
END
$$;

-- Moves the cursor over bets from one place to another, counts how those between have ended, and marks their markets.
-- Answers false, and does nothing, when the cursor is not where it was read.
CREATE FUNCTION audit_pass(from_xid xid8, from_seq bigint, to_xid xid8, to_seq bigint) RETURNS boolean
LANGUAGE plpgsql SET enable_seqscan = off SET jit = off AS $$
BEGIN
    INSERT INTO audit_cursors (name) VALUES ('bets') ON CONFLICT DO NOTHING;
    UPDATE audit_cursors SET xid = to_xid, seq = to_seq
    WHERE name = 'bets' AND (xid, seq) = (from_xid, from_seq);
    IF NOT FOUND THEN
        RETURN false;
    END IF;

    INSERT INTO audit_markets AS a (market_id, closed, returned)
    SELECT market_id, count(*) FILTER (WHERE state IN ('won', 'lost', 'void')),
        coalesce(sum(returned) FILTER (WHERE state IN ('won', 'lost', 'void')), 0)
    FROM bets
    WHERE (changed_xid, bets.seq) > (from_xid, from_seq) AND (changed_xid, bets.seq) <= (to_xid, to_seq)
    GROUP BY market_id ORDER BY market_id
    ON CONFLICT (market_id) DO UPDATE SET
        closed = a.closed + excluded.closed, returned = a.returned + excluded.returned, dirty = true, emptied = false,
        examined_seq = 0;

    PERFORM audit_add(array_agg(market_id), array_agg(outcome_id), array_agg(account_id), array_agg(stake),
        array_agg(-1::bigint))
    FROM bets
    WHERE (changed_xid, bets.seq) > (from_xid, from_seq) AND (changed_xid, bets.seq) <= (to_xid, to_seq)
        AND state IN ('cancelled', 'refunded') AND tombstone IS NULL
    HAVING count(*) > 0;
    RETURN true;
END
$$;
