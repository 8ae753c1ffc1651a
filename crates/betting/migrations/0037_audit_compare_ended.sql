-- The ends of a market's bets are found behind the audit's cursor without looking at what other markets have there. A bet
-- gets into this index when it ends, not when it is placed. On a live table bets wait while it is built: about a second for
-- a million that have ended.
CREATE INDEX bets_ended ON bets (market_id, changed_xid, seq) WHERE state <> 'accepted' AND tombstone IS NULL;

-- Compares a market, and the given positions of it, with what has been counted. Every bet of the market that the transaction
-- sees has been folded; the ends of bets that have not passed yet are looked up behind the cursor. Positions of a final
-- market say nothing any more and may be gone.
CREATE OR REPLACE FUNCTION audit_compare(market uuid, outcome_ids uuid[], account_ids uuid[])
RETURNS TABLE (check_name text, subject text, expected text, found text)
LANGUAGE plpgsql SET enable_seqscan = off SET jit = off AS $$
BEGIN
    RETURN QUERY
    WITH ended AS MATERIALIZED (
        SELECT b.outcome_id, b.account_id, b.stake, b.returned, b.state FROM bets b
        WHERE b.market_id = market AND b.state <> 'accepted' AND b.tombstone IS NULL AND (b.changed_xid, b.seq) > (
            coalesce((SELECT c.xid FROM audit_cursors c WHERE c.name = 'bets'), '0'),
            coalesce((SELECT c.seq FROM audit_cursors c WHERE c.name = 'bets'), 0))
    ), gone AS MATERIALIZED (
        SELECT e.outcome_id, e.account_id, sum(e.stake) AS stake, count(*) AS bets FROM ended e
        WHERE e.state IN ('cancelled', 'refunded') GROUP BY e.outcome_id, e.account_id
    ), left_outcome AS (
        SELECT g.outcome_id, sum(g.stake) AS stake, sum(g.bets) AS bets,
            count(*) FILTER (WHERE p.bets > 0 AND p.bets <= g.bets) AS bettors
        FROM gone g
        LEFT JOIN audit_positions p ON p.outcome_id = g.outcome_id AND p.account_id = g.account_id
        GROUP BY g.outcome_id
    ), counted AS MATERIALIZED (
        SELECT o.outcome_id, o.stake - coalesce(l.stake, 0) AS stake, o.bets - coalesce(l.bets, 0) AS bets,
            o.bettors - coalesce(l.bettors, 0) AS bettors
        FROM audit_outcomes o LEFT JOIN left_outcome l ON l.outcome_id = o.outcome_id
        WHERE o.market_id = market
    ), total AS (
        SELECT m.state, m.pool AS found, coalesce(sum(c.stake), 0) AS pool, coalesce(sum(c.bets), 0) AS bets
        FROM markets m LEFT JOIN counted c ON true WHERE m.market_id = market GROUP BY m.market_id
    ), paid AS (
        SELECT coalesce(sum(a.closed), 0) + coalesce(sum(e.closed), 0) AS closed,
            coalesce(sum(a.returned), 0) + coalesce(sum(e.returned), 0) AS returned
        FROM (
            SELECT count(*) AS closed, coalesce(sum(ended.returned), 0) AS returned FROM ended
            WHERE ended.state IN ('won', 'lost', 'void')
        ) e LEFT JOIN audit_markets a ON a.market_id = market
    ), touched AS MATERIALIZED (
        SELECT DISTINCT t.outcome_id, t.account_id FROM unnest(outcome_ids, account_ids) AS t (outcome_id, account_id)
    ), stored AS MATERIALIZED (
        SELECT t.outcome_id, t.account_id, coalesce(p.stake, 0) AS stake, coalesce(p.bets, 0) AS bets, p.since_seq,
            coalesce(a.stake, 0) - coalesce(g.stake, 0) AS due_stake, coalesce(a.bets, 0) - coalesce(g.bets, 0) AS due_bets
        FROM touched t
        LEFT JOIN LATERAL (
            SELECT * FROM positions WHERE positions.outcome_id = t.outcome_id AND positions.account_id = t.account_id LIMIT 1
        ) p ON true
        LEFT JOIN LATERAL (
            SELECT * FROM audit_positions
            WHERE audit_positions.outcome_id = t.outcome_id AND audit_positions.account_id = t.account_id LIMIT 1
        ) a ON true
        LEFT JOIN gone g ON g.outcome_id = t.outcome_id AND g.account_id = t.account_id
    ), compared (check_name, subject, expected, found) AS (
        SELECT 'market_pool', market::text, t.pool::text, t.found::text FROM total t
        UNION ALL
        SELECT 'outcome', o.outcome_id::text,
            ROW(coalesce(c.stake, 0), coalesce(c.bettors, 0))::text, ROW(o.pool, o.bettors)::text
        FROM outcomes o LEFT JOIN counted c ON c.outcome_id = o.outcome_id WHERE o.market_id = market
        UNION ALL
        -- The one who leads has the position that the outcome says, and nobody looked at has a better one.
        SELECT 'leader', o.outcome_id::text, ROW(best.account_id, coalesce(best.stake, 0), best.since_seq)::text,
            ROW(o.top_account_id, o.top_stake, o.top_seq)::text
        FROM outcomes o
        LEFT JOIN LATERAL (
            SELECT candidate.account_id, candidate.stake, candidate.since_seq FROM (
                SELECT p.account_id, p.stake, p.since_seq, p.bets FROM positions p
                WHERE p.outcome_id = o.outcome_id AND p.account_id = o.top_account_id
                UNION
                SELECT s.account_id, s.stake, s.since_seq, s.bets FROM stored s WHERE s.outcome_id = o.outcome_id
            ) candidate
            WHERE candidate.bets > 0 ORDER BY candidate.stake DESC, candidate.since_seq LIMIT 1
        ) best ON true
        WHERE o.market_id = market AND (SELECT t.state FROM total t) NOT IN ('settled', 'void')
        UNION ALL
        SELECT 'position', s.outcome_id || '/' || s.account_id, ROW(s.due_stake, s.due_bets, true)::text,
            ROW(s.stake, s.bets, s.bets = 0 OR EXISTS (
                SELECT FROM bets b WHERE b.account_id = s.account_id AND b.seq = s.since_seq
                    AND b.outcome_id = s.outcome_id AND b.state NOT IN ('cancelled', 'refunded')
            ))::text
        FROM stored s WHERE (SELECT t.state FROM total t) NOT IN ('settled', 'void')
        UNION ALL
        SELECT 'market_paid', market::text, ROW(t.found, 0)::text, ROW(p.returned, t.bets - p.closed)::text
        FROM total t, paid p WHERE t.state IN ('settled', 'void')
    )
    SELECT c.check_name, c.subject, c.expected, c.found FROM compared c WHERE c.expected <> c.found
    ORDER BY c.check_name, c.subject;
END
$$;
