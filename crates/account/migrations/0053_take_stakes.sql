-- A batch of new stakes that all their accounts can pay locks each account by taking the points from it, not before (docs/adr/0040).
--
-- Functions only: at once, on a live database. A batch under way ends with the functions that it began with.

-- Takes stakes, if all of them can be taken at first sight; does nothing, and answers false, where an id is known or given twice, a
-- market is archived, or an account is unknown or has not enough. Fails, with a serialization failure or a unique violation, where that
-- turns out only while they are taken.
CREATE FUNCTION take_stakes(
    transfer_ids uuid[], account_ids uuid[], market_ids uuid[], bet_ids uuid[], amounts bigint[], fingerprints bytea[],
    chosen_stripe smallint, chosen_period int
) RETURNS boolean LANGUAGE plpgsql SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    most CONSTANT bigint := 9223372036854775807;
    taken_at timestamptz;
    -- What each account pays, ordered by account.
    payers uuid[];
    sums bigint[];
    paid bigint;
BEGIN
    SELECT array_agg(account_id ORDER BY account_id), array_agg(points ORDER BY account_id)
    INTO payers, sums
    FROM (
        SELECT account_id, sum(points) AS points FROM unnest(account_ids, amounts) AS i (account_id, points)
        GROUP BY account_id HAVING sum(points) <= most
    ) own;
    -- Nothing is locked yet: what is seen here says only whether it is worth trying.
    IF (
        SELECT count(*) FROM unnest(payers, sums) AS i (account_id, points)
        CROSS JOIN LATERAL (SELECT balance, staked FROM user_balances WHERE account_id = i.account_id LIMIT 1) u
        WHERE balance >= points AND staked <= most - points
    ) IS DISTINCT FROM (SELECT count(DISTINCT id) FROM unnest(account_ids) AS i (id))
        OR (SELECT count(DISTINCT id) < count(*) FROM unnest(transfer_ids) AS i (id))
        OR EXISTS (
            SELECT FROM unnest(transfer_ids) AS i (id)
            CROSS JOIN LATERAL (SELECT FROM transfers WHERE transfer_id = i.id LIMIT 1) t
        )
        -- After the look-ups, which hold the tables, as in `decide_in_turn`.
        OR EXISTS (SELECT FROM archived_markets WHERE market_id = ANY (market_ids))
    THEN
        RETURN false;
    END IF;

    -- In the order of the accounts' ids, as every transaction locks them.
    UPDATE user_balances b SET balance = b.balance - d.points, staked = b.staked + d.points
    FROM unnest(payers, sums) AS d (account_id, points)
    WHERE b.account_id = d.account_id AND b.balance >= d.points AND b.staked <= most - d.points;
    GET DIAGNOSTICS paid = ROW_COUNT;
    IF paid < cardinality(payers) THEN
        RAISE EXCEPTION 'an account has less than it had' USING ERRCODE = 'serialization_failure';
    END IF;
    -- While the accounts are locked: who refuses a stake for good locks its account, too.
    IF EXISTS (SELECT FROM refused_stakes WHERE transfer_id = ANY (transfer_ids)) THEN
        RAISE EXCEPTION 'a stake is refused for good' USING ERRCODE = 'serialization_failure';
    END IF;

    taken_at := clock_timestamp();
    INSERT INTO transfers (
        transfer_id, seq, kind, account_id, market_id, bet_id, points, fingerprint, created_at, period)
    SELECT transfer_id, seq, 'stake', account_id, market_id, bet_id, points, fingerprint, taken_at, chosen_period
    FROM (
        SELECT *, nextval('transfers_seq') AS seq
        FROM unnest(transfer_ids, account_ids, market_ids, bet_ids, amounts, fingerprints)
            AS i (transfer_id, account_id, market_id, bet_id, points, fingerprint)
    ) numbered
    ORDER BY transfer_id;

    INSERT INTO system_balances (ledger_id, stripe, balance, cover)
    SELECT market_id, chosen_stripe, sum(points), sum(points)
    FROM unnest(market_ids, amounts) AS i (market_id, points)
    GROUP BY 1
    ORDER BY 1
    ON CONFLICT (ledger_id, stripe) DO UPDATE
    SET balance = system_balances.balance + EXCLUDED.balance, cover = system_balances.cover + EXCLUDED.cover;
    RETURN true;
END
$$;

-- Applies a batch in one commit and answers for each transfer in the order given.
--
-- Rows are locked in one order in every transaction: accounts, then transfers and markers, then system balances, each
-- by id. So two batches can wait for each other but never in a circle. A transfer whose id another batch has taken meanwhile, for another
-- account, is rare: that fails the batch, which is asked for again. To look for it at each insertion (ON CONFLICT) would cost each a
-- record of the log and a look at each unique index.
CREATE OR REPLACE FUNCTION apply_transfers(
    transfer_ids uuid[], kinds transfer_kind[], account_ids uuid[], market_ids uuid[], bet_ids uuid[],
    amounts bigint[], fingerprints bytea[], closes_ids uuid[], chosen_stripe smallint
) RETURNS transfer_outcome[] LANGUAGE plpgsql SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    -- First of all, so that whatever is looked up is looked up while the period is held.
    chosen_period CONSTANT int := write_period();
    outcomes transfer_outcome[];
    applied_at timestamptz;
    -- A correction changes two system accounts: the house pays it, the market's cover shrinks.
    corrects CONSTANT boolean := 'correction' = ANY (kinds);
BEGIN
    IF 'stake' = ALL (kinds) THEN
        BEGIN
            IF take_stakes(
                transfer_ids, account_ids, market_ids, bet_ids, amounts, fingerprints, chosen_stripe, chosen_period)
            THEN
                RETURN array_fill('applied'::transfer_outcome, ARRAY[cardinality(kinds)]);
            END IF;
        EXCEPTION WHEN unique_violation OR serialization_failure THEN
            -- Somebody was quicker: what is left to do is decided with the accounts locked.
        END;
    END IF;
    outcomes := decide_transfers(
        transfer_ids, kinds, account_ids, market_ids, bet_ids, amounts, fingerprints, closes_ids);
    applied_at := clock_timestamp();
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
        ORDER BY transfer_id;
    EXCEPTION WHEN unique_violation THEN
        RAISE EXCEPTION 'a transfer of the same id was applied for another account meanwhile'
            USING ERRCODE = 'serialization_failure';
    END;

    IF 'stake_missing' = ANY (outcomes) THEN
        INSERT INTO refused_stakes (transfer_id, closing_id, created_at)
        SELECT DISTINCT ON (closes_id) closes_id, transfer_id, applied_at
        FROM unnest(transfer_ids, closes_ids, outcomes) AS i (transfer_id, closes_id, outcome)
        WHERE outcome = 'stake_missing'
        ORDER BY closes_id
        ON CONFLICT DO NOTHING;
    END IF;

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
