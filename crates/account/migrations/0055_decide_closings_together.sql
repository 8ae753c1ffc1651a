-- Most of what closes stakes comes as a settlement or a void pays it: each stake is there and not closed, and the pools hold what leaves
-- them. Such a batch is decided in one statement; any other transfer by transfer, as all were before (docs/adr/0042).
--
-- Functions only: at once, on a live database. A batch under way ends with the functions that it began with.

-- Whether every transfer of a batch closes a stake, and all may, in whichever order. Locks pools and accounts as `decide_in_turn` does.
-- Writes nothing. The kinds are those that close; no id is there twice.
CREATE FUNCTION all_may_close(
    transfer_ids uuid[], kinds transfer_kind[], account_ids uuid[], market_ids uuid[], bet_ids uuid[],
    amounts bigint[], closes_ids uuid[]
) RETURNS boolean LANGUAGE plpgsql SET enable_seqscan = off SET jit = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    most CONSTANT bigint := 9223372036854775807;
    fitting boolean;
BEGIN
    PERFORM lock_pools(market_ids);
    PERFORM FROM user_balances b WHERE b.account_id = ANY (account_ids) ORDER BY b.account_id FOR NO KEY UPDATE;

    -- What is not known does not fit: `bool_and` would pass it over.
    SELECT bool_and(coalesce(s.fits AND c.there IS NULL AND t.there IS NULL
        AND (i.kind = 'payout' OR (s.points = i.points AND r.bet_id IS NULL)), false))
    INTO fitting
    FROM unnest(transfer_ids, kinds, account_ids, market_ids, bet_ids, amounts, closes_ids)
        AS i (transfer_id, kind, account_id, market_id, bet_id, points, closes_id)
    LEFT JOIN LATERAL (
        SELECT kind = 'stake' AND account_id = i.account_id AND market_id = i.market_id AND bet_id = i.bet_id AS fits, points
        FROM transfers WHERE transfer_id = i.closes_id LIMIT 1
    ) s ON true
    LEFT JOIN LATERAL (
        SELECT true AS there FROM transfers
        WHERE closes_transfer_id = i.closes_id AND kind IN ('payout', 'cancel', 'void', 'tombstone') LIMIT 1
    ) c ON true
    LEFT JOIN LATERAL (SELECT true AS there FROM transfers WHERE transfer_id = i.transfer_id LIMIT 1) t ON true
    LEFT JOIN LATERAL (SELECT bet_id FROM bet_results WHERE bet_id = i.bet_id AND i.kind <> 'payout' LIMIT 1) r ON true;
    IF fitting IS NOT TRUE THEN
        RETURN false;
    END IF;

    -- In statements after `lock_pools`, so that they see what has left the pools by now.
    RETURN (
        SELECT bool_and(coalesce(b.balance <= most - paid.points, false))
        FROM (
            SELECT account_id, sum(points) AS points FROM unnest(account_ids, amounts) AS i (account_id, points) GROUP BY account_id
        ) paid
        LEFT JOIN LATERAL (SELECT balance FROM user_balances WHERE account_id = paid.account_id LIMIT 1) b ON true
    ) IS TRUE AND (
        SELECT bool_and(
            (SELECT coalesce(sum(balance), 0) FROM system_balances s WHERE s.ledger_id = taken.market_id) >= taken.points)
        FROM (
            SELECT market_id, sum(points) AS points FROM unnest(market_ids, amounts) AS i (market_id, points) GROUP BY market_id
        ) taken
    ) IS TRUE;
END
$$;

-- As in 0051, and decides closings together.
CREATE OR REPLACE FUNCTION decide_transfers(
    transfer_ids uuid[], kinds transfer_kind[], account_ids uuid[], market_ids uuid[], bet_ids uuid[],
    amounts bigint[], fingerprints bytea[], closes_ids uuid[]
) RETURNS transfer_outcome[] LANGUAGE plpgsql SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    most CONSTANT bigint := 9223372036854775807;
    outcomes transfer_outcome[];
    -- The places of the transfers that are decided in turn.
    others int[];
    decided transfer_outcome[];
    own int;
    are_distinct boolean;
    are_stakes boolean;
    are_closings boolean;
BEGIN
    SELECT count(DISTINCT transfer_id) = count(*) AND count(DISTINCT closes_id) = count(closes_id), bool_and(kind = 'stake'),
        bool_and(kind IN ('payout', 'cancel', 'void', 'tombstone'))
    INTO are_distinct, are_stakes, are_closings
    FROM unnest(transfer_ids, kinds, closes_ids) AS i (transfer_id, kind, closes_id);
    IF are_distinct AND are_closings
        AND all_may_close(transfer_ids, kinds, account_ids, market_ids, bet_ids, amounts, closes_ids)
    THEN
        RETURN array_fill('applied'::transfer_outcome, ARRAY[cardinality(transfer_ids)]);
    END IF;
    IF NOT (are_distinct AND are_stakes) THEN
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
