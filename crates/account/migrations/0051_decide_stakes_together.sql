-- Most batches are new stakes, each of which its account can afford: they are decided in one statement, and only the accounts of which
-- that is not known are decided transfer by transfer, as all were before (docs/adr/0036).
--
-- Functions only: at once, on a live database. A batch under way ends with the functions that it began with.

ALTER FUNCTION decide_transfers(uuid[], transfer_kind[], uuid[], uuid[], uuid[], bigint[], bytea[], uuid[])
    RENAME TO decide_in_turn;

-- Decides every transfer as if they came one by one, ordered by account and then as given, with the accounts locked in the order of
-- their ids. Writes nothing.
--
-- Stakes of different accounts do not touch each other, if no id is there twice. So where all stakes of an account are new, and together
-- no more than it has, all are applied, in whichever order.
CREATE FUNCTION decide_transfers(
    transfer_ids uuid[], kinds transfer_kind[], account_ids uuid[], market_ids uuid[], bet_ids uuid[],
    amounts bigint[], fingerprints bytea[], closes_ids uuid[]
) RETURNS transfer_outcome[] LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    most CONSTANT bigint := 9223372036854775807;
    outcomes transfer_outcome[];
    -- The places of the transfers that are decided in turn.
    others int[];
    decided transfer_outcome[];
    own int;
BEGIN
    IF (SELECT bool_or(kind <> 'stake') OR count(DISTINCT id) < count(*) FROM unnest(transfer_ids, kinds) AS i (id, kind)) THEN
        RETURN decide_in_turn(
            transfer_ids, kinds, account_ids, market_ids, bet_ids, amounts, fingerprints, closes_ids);
    END IF;
    PERFORM FROM user_balances b WHERE b.account_id = ANY (account_ids) ORDER BY b.account_id FOR NO KEY UPDATE;

    SELECT array_agg(CASE WHEN fits THEN 'applied'::transfer_outcome END ORDER BY n),
        array_agg(n::int ORDER BY n) FILTER (WHERE NOT fits)
    INTO outcomes, others
    FROM (
        SELECT n, coalesce(
            bool_and(is_new) OVER own AND balance >= sum(points) OVER own AND staked <= most - sum(points) OVER own,
            false) AS fits
        FROM (
            SELECT i.n, i.account_id, i.points, u.balance, u.staked, t.there IS NULL AND r.there IS NULL AS is_new
            FROM unnest(transfer_ids, account_ids, amounts) WITH ORDINALITY AS i (transfer_id, account_id, points, n)
            LEFT JOIN LATERAL (SELECT true AS there FROM transfers WHERE transfer_id = i.transfer_id LIMIT 1) t ON true
            LEFT JOIN LATERAL (
                SELECT true AS there FROM refused_stakes WHERE transfer_id = i.transfer_id LIMIT 1
            ) r ON true
            LEFT JOIN LATERAL (
                SELECT balance, staked FROM user_balances WHERE account_id = i.account_id LIMIT 1
            ) u ON true
        ) looked_up
        WINDOW own AS (PARTITION BY account_id)
    ) fitting;

    -- After the look-ups, which hold the tables, as in `decide_in_turn`.
    IF EXISTS (SELECT FROM archived_markets WHERE market_id = ANY (market_ids)) THEN
        RETURN decide_in_turn(
            transfer_ids, kinds, account_ids, market_ids, bet_ids, amounts, fingerprints, closes_ids);
    END IF;
    IF others IS NULL THEN
        RETURN outcomes;
    END IF;
    SELECT decide_in_turn(
        array_agg(transfer_id ORDER BY n), array_agg(kind ORDER BY n), array_agg(account_id ORDER BY n),
        array_agg(market_id ORDER BY n), array_agg(bet_id ORDER BY n), array_agg(points ORDER BY n),
        array_agg(fingerprint ORDER BY n), array_agg(closes_id ORDER BY n))
    INTO decided
    FROM unnest(transfer_ids, kinds, account_ids, market_ids, bet_ids, amounts, fingerprints, closes_ids) WITH ORDINALITY
        AS i (transfer_id, kind, account_id, market_id, bet_id, points, fingerprint, closes_id, n)
    WHERE n = ANY (others);
    FOR own IN 1..cardinality(others) LOOP
        outcomes[others[own]] := decided[own];
    END LOOP;
    RETURN outcomes;
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
) RETURNS transfer_outcome[] LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    -- First of all, so that whatever is looked up is looked up while the period is held.
    chosen_period CONSTANT int := write_period();
    outcomes transfer_outcome[] := decide_transfers(
        transfer_ids, kinds, account_ids, market_ids, bet_ids, amounts, fingerprints, closes_ids);
    applied_at CONSTANT timestamptz := clock_timestamp();
    -- A correction changes two system accounts: the house pays it, the market's cover shrinks.
    corrects CONSTANT boolean := 'correction' = ANY (kinds);
BEGIN
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
