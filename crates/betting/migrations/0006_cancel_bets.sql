-- Cancels many bets at once, each for itself, until `notice` before the lock of its market. Answers for each, in order:
-- cancelled (also when it was before), not_found, closed (it ended in another way) or too_late. Waits for a row no longer
-- than `patience_ms`, or than the session does where that is 0.
-- cancel_bet stays as long as replicas of the release before may run.
CREATE FUNCTION cancel_bets(bet_ids uuid[], account_ids uuid[], notice interval, patience_ms int) RETURNS text[]
LANGUAGE plpgsql SET enable_seqscan = off SET jit = off AS $$
DECLARE
    instant timestamptz;
    due uuid[];
    verdicts text[];
BEGIN
    IF patience_ms > 0 THEN
        PERFORM set_config('lock_timeout', patience_ms || 'ms', true);
    END IF;
    PERFORM FROM markets WHERE market_id IN (SELECT market_id FROM bets WHERE bet_id = ANY (bet_ids))
    ORDER BY market_id FOR NO KEY UPDATE;
    instant := clock_timestamp();

    WITH item AS (
        SELECT i.bet_id, i.place, CASE
            WHEN b.state IS NULL THEN 'not_found'
            WHEN b.state = 'cancelled' THEN 'cancelled'
            WHEN b.state <> 'accepted' THEN 'closed'
            WHEN takes_bets(m.state, m.lock_at - notice, instant) THEN 'due'
            ELSE 'too_late'
        END AS verdict
        FROM unnest(bet_ids, account_ids) WITH ORDINALITY AS i (bet_id, account_id, place)
        LEFT JOIN LATERAL (
            SELECT * FROM bets WHERE bet_id = i.bet_id AND account_id = i.account_id LIMIT 1
        ) b ON true
        LEFT JOIN LATERAL (SELECT * FROM markets WHERE market_id = b.market_id LIMIT 1) m ON true
    )
    SELECT array_agg(bet_id) FILTER (WHERE verdict = 'due'),
        array_agg(CASE verdict WHEN 'due' THEN 'cancelled' ELSE verdict END ORDER BY place)
    INTO due, verdicts FROM item;
    IF due IS NOT NULL THEN
        PERFORM withdraw_bets(due, 'cancelled', 'cancel', instant);
    END IF;
    RETURN verdicts;
END
$$;

-- Waits until whoever holds this market now has ended, but no longer than `patience_ms`. Answers whether that was enough.
CREATE FUNCTION await_recorders(market uuid, patience_ms int) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('lock_timeout', patience_ms || 'ms', true);
    PERFORM FROM markets WHERE market_id = market FOR SHARE;
    RETURN true;
EXCEPTION WHEN lock_not_available THEN
    RETURN false;
END
$$;
