-- Positions of final markets serve nobody any more: they are swept some time after the market's end. `swept` says that none
-- are left. No row is rewritten; the table has a row for each market, so its index is built at once.
ALTER TABLE markets ADD COLUMN swept boolean NOT NULL DEFAULT false;
CREATE INDEX markets_unswept ON markets (closed_at) WHERE NOT swept AND closed_at IS NOT NULL;

-- Deletes up to `most` positions of one market that has been final for `kept`. Answers how many were there; nothing when
-- no market is left, or another replica is at it.
CREATE FUNCTION sweep_positions(kept interval, most bigint) RETURNS bigint
LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    market uuid;
    gone bigint;
BEGIN
    SELECT market_id INTO market FROM markets
    WHERE NOT swept AND closed_at < clock_timestamp() - kept
    ORDER BY closed_at LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED;
    IF market IS NULL THEN
        RETURN NULL;
    END IF;

    DELETE FROM positions WHERE (outcome_id, account_id) IN (
        SELECT p.outcome_id, p.account_id FROM outcomes o JOIN positions p USING (outcome_id)
        WHERE o.market_id = market ORDER BY p.outcome_id, p.account_id LIMIT most
    );
    GET DIAGNOSTICS gone = ROW_COUNT;
    IF gone < most THEN
        DELETE FROM leaders WHERE outcome_id IN (SELECT outcome_id FROM outcomes WHERE market_id = market);
        UPDATE markets SET swept = true WHERE market_id = market;
    END IF;
    RETURN gone;
END
$$;
