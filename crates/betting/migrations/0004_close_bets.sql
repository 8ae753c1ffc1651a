-- Takes accepted bets off their market and owes their stakes back. The caller holds the market's lock.
CREATE FUNCTION withdraw_bets(bet_ids uuid[], new_state text, owed_kind text, instant timestamptz) RETURNS bigint
LANGUAGE plpgsql AS $$
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

    -- Only a leader that withdraws has the outcome's positions looked through.
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
        SELECT account_id, stake, since_seq FROM positions
        WHERE outcome_id = gone.outcome_id AND gone.has_leader AND stake > 0
        ORDER BY stake DESC, since_seq LIMIT 1
    ) next ON true
    WHERE o.outcome_id = gone.outcome_id;

    UPDATE markets m SET pool = m.pool - gone.stake, revision = m.revision + 1
    FROM (SELECT market_id, sum(stake) AS stake FROM bets WHERE bet_id = ANY (withdrawn) GROUP BY market_id) gone
    WHERE m.market_id = gone.market_id;

    RETURN cardinality(withdrawn);
END
$$;

-- Cancels a bet of this account until `notice` before the lock.
-- Answers cancelled (also when it was before), not_found, closed (it ended in another way) or too_late.
CREATE FUNCTION cancel_bet(bet uuid, account uuid, notice interval) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    market markets;
    bet_state text;
    instant timestamptz;
BEGIN
    SELECT m.* INTO market FROM markets m
    WHERE m.market_id = (SELECT b.market_id FROM bets b WHERE b.bet_id = bet AND b.account_id = account)
    FOR NO KEY UPDATE;
    instant := clock_timestamp();
    SELECT b.state INTO bet_state FROM bets b WHERE b.bet_id = bet AND b.account_id = account;
    IF bet_state IS NULL THEN
        RETURN 'not_found';
    ELSIF bet_state = 'cancelled' THEN
        RETURN 'cancelled';
    ELSIF bet_state <> 'accepted' THEN
        RETURN 'closed';
    ELSIF NOT takes_bets(market.state, market.lock_at - notice, instant) THEN
        RETURN 'too_late';
    END IF;
    PERFORM withdraw_bets(ARRAY[bet], 'cancelled', 'cancel', instant);
    RETURN 'cancelled';
END
$$;

-- Closes a chunk of a market's bets as settlement or void decided, owes what follows, and moves the market's cursor.
-- The caller holds the market's lock.
CREATE FUNCTION close_bets(
    market uuid, bet_ids uuid[], new_states text[], returns bigint[], kinds text[], last_seq bigint
) RETURNS void
LANGUAGE plpgsql SET enable_seqscan = off SET jit = off AS $$
BEGIN
    WITH closed AS (
        UPDATE bets b SET state = i.new_state, returned = i.returned, closed_at = clock_timestamp(),
            changed_xid = pg_current_xact_id()
        FROM unnest(bet_ids, new_states, returns, kinds) AS i (bet_id, new_state, returned, kind)
        WHERE b.bet_id = i.bet_id AND b.market_id = market AND b.state = 'accepted'
        RETURNING b.bet_id, b.account_id, b.returned, b.stake, i.kind
    )
    INSERT INTO owed (bet_id, account_id, market_id, kind, points, staked)
    SELECT bet_id, account_id, market, kind, returned, stake FROM closed ORDER BY bet_id;

    UPDATE markets SET close_cursor = last_seq, revision = revision + 1 WHERE market_id = market;
END
$$;
