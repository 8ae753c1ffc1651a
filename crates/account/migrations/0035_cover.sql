-- What the house may still pay for a market: all stakes that the market has ever taken, less the corrections that were paid for
-- it. Kept in the row of the pool that the same transfer changes, so that it costs no further write (docs/adr/0023).
--
-- On a live table: a constant default writes no row. Nobody writes for the moment that this takes; `migrate` gives up after 3 s of
-- waiting and comes again.
SELECT pg_advisory_xact_lock(period_lock());

ALTER TABLE system_balances ADD COLUMN cover bigint NOT NULL DEFAULT 0;

-- What a transfer does to what the house may still pay for its market.
CREATE FUNCTION cover_change(kind transfer_kind, points bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE kind WHEN 'stake' THEN points WHEN 'correction' THEN -points ELSE 0 END;

-- As in 0033, and counts the cover.
CREATE OR REPLACE FUNCTION apply_transfers(
    transfer_ids uuid[], kinds transfer_kind[], account_ids uuid[], market_ids uuid[], bet_ids uuid[],
    amounts bigint[], fingerprints bytea[], closes_ids uuid[], chosen_stripe smallint
) RETURNS transfer_outcome[] LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    -- First of all, so that whatever is looked up is looked up while the period is held.
    chosen_period CONSTANT int := write_period();
    outcomes transfer_outcome[] := decide_transfers(
        transfer_ids, kinds, account_ids, market_ids, bet_ids, amounts, fingerprints, closes_ids);
    applied_at CONSTANT timestamptz := clock_timestamp();
    expected CONSTANT bigint := cardinality(array_positions(outcomes, 'applied'));
    -- A correction changes two system accounts: the house pays it, the market's cover shrinks.
    corrects CONSTANT boolean := 'correction' = ANY (kinds);
    inserted bigint;
BEGIN
    INSERT INTO transfers (transfer_id, seq, kind, account_id, market_id, bet_id, points, fingerprint,
        closes_transfer_id, created_at, period)
    SELECT transfer_id, seq, kind, account_id, market_id, bet_id, points, fingerprint, closes_id, applied_at,
        chosen_period
    FROM (
        SELECT *, nextval('transfers_seq') AS seq
        FROM unnest(transfer_ids, kinds, account_ids, market_ids, bet_ids, amounts, fingerprints, closes_ids,
            outcomes) AS i (transfer_id, kind, account_id, market_id, bet_id, points, fingerprint, closes_id, outcome)
        WHERE outcome = 'applied'
    ) numbered
    ORDER BY transfer_id
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS inserted = ROW_COUNT;
    IF inserted <> expected THEN
        RAISE EXCEPTION 'a transfer of the same id was applied for another account meanwhile'
            USING ERRCODE = 'serialization_failure';
    END IF;

    INSERT INTO refused_stakes (transfer_id, closing_id, created_at)
    SELECT DISTINCT ON (closes_id) closes_id, transfer_id, applied_at
    FROM unnest(transfer_ids, closes_ids, outcomes) AS i (transfer_id, closes_id, outcome)
    WHERE outcome = 'stake_missing'
    ORDER BY closes_id
    ON CONFLICT DO NOTHING;

    UPDATE user_balances b
    SET balance = b.balance + d.balance, staked = b.staked + d.staked, profit = b.profit + d.profit
    FROM (
        SELECT account_id, sum(balance_change(kind, points))::bigint AS balance,
            sum(staked_change(kind, points))::bigint AS staked, sum(profit_change(kind, points))::bigint AS profit
        FROM unnest(account_ids, kinds, amounts, outcomes) AS i (account_id, kind, points, outcome)
        WHERE outcome = 'applied'
        GROUP BY account_id
    ) d
    WHERE b.account_id = d.account_id;

    INSERT INTO system_balances (ledger_id, stripe, balance, cover)
    SELECT ledger_id, chosen_stripe, sum(balance), sum(cover)
    FROM (
        SELECT counterpart(kind, market_id) AS ledger_id, -balance_change(kind, points) AS balance,
            CASE kind WHEN 'stake' THEN cover_change(kind, points) ELSE 0 END AS cover
        FROM unnest(kinds, market_ids, amounts, outcomes) AS i (kind, market_id, points, outcome)
        WHERE outcome = 'applied'
        UNION ALL
        SELECT market_id, 0, cover_change(kind, points)
        FROM unnest(kinds, market_ids, amounts, outcomes) AS i (kind, market_id, points, outcome)
        WHERE corrects AND kind = 'correction' AND outcome = 'applied'
    ) changes
    GROUP BY 1
    ORDER BY 1
    ON CONFLICT (ledger_id, stripe) DO UPDATE
    SET balance = system_balances.balance + EXCLUDED.balance, cover = system_balances.cover + EXCLUDED.cover;
    RETURN outcomes;
END
$$;
