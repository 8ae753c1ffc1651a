-- What a transfer says, apart from its id: two that say the same are one transfer sent twice.
CREATE TYPE transfer_facts AS (
    kind transfer_kind,
    account_id uuid,
    market_id uuid,
    bet_id uuid,
    points bigint,
    fingerprint bytea,
    closes_transfer_id uuid
);

-- The outcome of a transfer under an id that nothing stands under yet.
CREATE FUNCTION outcome_of(
    facts transfer_facts, account user_balances, revoked boolean,
    stake transfer_facts, stake_is_closed boolean, bet_is_settled boolean
) RETURNS transfer_outcome LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    most CONSTANT bigint := 9223372036854775807;
BEGIN
    IF facts.kind = 'stake' THEN
        RETURN CASE
            WHEN revoked THEN 'stake_revoked'
            WHEN account.balance < facts.points THEN 'insufficient_points'
            WHEN account.staked > most - facts.points THEN 'limit_exceeded'
            ELSE 'applied'
        END;
    END IF;
    IF facts.closes_transfer_id IS NOT NULL AND stake.kind IS NULL THEN
        RETURN 'stake_missing';
    ELSIF stake.account_id <> facts.account_id THEN
        RETURN 'conflict';
    ELSIF facts.kind IN ('payout', 'cancel', 'void', 'tombstone')
        AND (stake_is_closed OR (stake.kind, stake.market_id, stake.bet_id)
            IS DISTINCT FROM ('stake'::transfer_kind, facts.market_id, facts.bet_id)) THEN
        RETURN 'conflict';
    ELSIF facts.kind IN ('cancel', 'void', 'tombstone') AND (bet_is_settled OR stake.points <> facts.points) THEN
        RETURN 'conflict';
    ELSIF account.balance > most - facts.points
        OR (facts.kind = 'correction' AND account.profit > most - facts.points) THEN
        RETURN 'limit_exceeded';
    END IF;
    RETURN 'applied';
END
$$;

-- What a transfer does to its account.
CREATE FUNCTION balance_change(kind transfer_kind, points bigint) RETURNS bigint LANGUAGE sql IMMUTABLE
RETURN CASE WHEN kind = 'stake' THEN -points ELSE points END;

CREATE FUNCTION staked_change(kind transfer_kind, points bigint) RETURNS bigint LANGUAGE sql IMMUTABLE
RETURN CASE WHEN kind = 'stake' THEN points WHEN kind IN ('cancel', 'void', 'tombstone') THEN -points ELSE 0 END;

CREATE FUNCTION profit_change(kind transfer_kind, points bigint) RETURNS bigint LANGUAGE sql IMMUTABLE
RETURN CASE WHEN kind = 'correction' THEN points ELSE 0 END;

-- Locks the accounts in the order of their ids and decides every transfer as if they came one by one, ordered by
-- account and then as given. Writes nothing.
--
-- Ids are numbered into slots, because PL/pgSQL has arrays but no maps. Reads are lateral so that no plan, however
-- old, does more than one index look-up for each.
CREATE FUNCTION decide_transfers(
    transfer_ids uuid[], kinds transfer_kind[], account_ids uuid[], market_ids uuid[], bet_ids uuid[],
    amounts bigint[], fingerprints bytea[], closes_ids uuid[]
) RETURNS transfer_outcome[] LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    outcomes transfer_outcome[] := array_fill(NULL::transfer_outcome, ARRAY[cardinality(transfer_ids)]);
    slot_ids uuid[];
    own_slots bigint[];
    stake_slots bigint[];
    -- By slot: the transfer under the id, whether it is closed, settled, or refused for good.
    known transfer_facts[] := '{}';
    closed boolean[] := '{}';
    settled boolean[] := '{}';
    revoked boolean[] := '{}';
    account user_balances;
    facts transfer_facts;
    item record;
    own bigint;
    stake bigint;
    outcome transfer_outcome;
BEGIN
    PERFORM FROM user_balances b WHERE b.account_id = ANY (account_ids) ORDER BY b.account_id FOR NO KEY UPDATE;

    SELECT array_agg(DISTINCT id ORDER BY id) FILTER (WHERE id IS NOT NULL),
        array_agg(slot ORDER BY n) FILTER (WHERE NOT closes),
        array_agg(CASE WHEN id IS NOT NULL THEN slot END ORDER BY n) FILTER (WHERE closes)
    INTO slot_ids, own_slots, stake_slots
    FROM (
        SELECT n, id, closes, dense_rank() OVER (ORDER BY id NULLS LAST) AS slot
        FROM (
            SELECT n, id, false AS closes FROM unnest(transfer_ids) WITH ORDINALITY AS own (id, n)
            UNION ALL
            SELECT n, id, true FROM unnest(closes_ids) WITH ORDINALITY AS closing (id, n)
        ) ids
    ) slots;

    FOR item IN
        SELECT s.slot, t.transfer_id IS NOT NULL AS present, r.transfer_id IS NOT NULL AS revoked,
            (t.kind, t.account_id, t.market_id, t.bet_id, t.points, t.fingerprint, t.closes_transfer_id)
                ::transfer_facts AS facts
        FROM unnest(slot_ids) WITH ORDINALITY AS s (id, slot)
        LEFT JOIN LATERAL (SELECT * FROM transfers WHERE transfer_id = s.id LIMIT 1) t ON true
        LEFT JOIN LATERAL (SELECT * FROM refused_stakes WHERE transfer_id = s.id LIMIT 1) r ON true
        WHERE t.transfer_id IS NOT NULL OR r.transfer_id IS NOT NULL
    LOOP
        IF item.present THEN known[item.slot] := item.facts; END IF;
        revoked[item.slot] := item.revoked;
    END LOOP;

    FOR item IN
        SELECT c.slot, t.transfer_id IS NOT NULL AS closed, b.bet_id IS NOT NULL AS settled
        FROM unnest(closes_ids, stake_slots, bet_ids) AS c (id, slot, bet_id)
        LEFT JOIN LATERAL (
            SELECT * FROM transfers
            WHERE closes_transfer_id = c.id AND kind IN ('payout', 'cancel', 'void', 'tombstone') LIMIT 1
        ) t ON true
        LEFT JOIN LATERAL (SELECT * FROM bet_results r WHERE r.bet_id = c.bet_id LIMIT 1) b ON true
        WHERE c.id IS NOT NULL AND (t.transfer_id IS NOT NULL OR b.bet_id IS NOT NULL)
    LOOP
        closed[item.slot] := item.closed;
        settled[item.slot] := item.settled;
    END LOOP;

    FOR item IN
        SELECT i.account_id, i.n, b AS account
        FROM unnest(account_ids) WITH ORDINALITY AS i (account_id, n)
        LEFT JOIN LATERAL (SELECT * FROM user_balances u WHERE u.account_id = i.account_id LIMIT 1) b ON true
        ORDER BY i.account_id, i.n
    LOOP
        IF item.account_id IS DISTINCT FROM account.account_id THEN
            account := item.account;
        END IF;
        own := own_slots[item.n];
        stake := stake_slots[item.n];
        facts := (kinds[item.n], item.account_id, market_ids[item.n], bet_ids[item.n], amounts[item.n],
            fingerprints[item.n], closes_ids[item.n]);
        outcome := CASE
            WHEN account.account_id IS NULL THEN 'unknown_account'
            WHEN known[own] = facts THEN 'already_applied'
            WHEN (known[own]).kind IS NOT NULL THEN 'conflict'
            ELSE outcome_of(facts, account, coalesce(revoked[own], false), known[stake],
                coalesce(closed[stake], false), coalesce(settled[stake], false))
        END;
        IF outcome = 'applied' THEN
            known[own] := facts;
            account.balance := account.balance + balance_change(facts.kind, facts.points);
            account.staked := account.staked + staked_change(facts.kind, facts.points);
            account.profit := account.profit + profit_change(facts.kind, facts.points);
            IF facts.kind IN ('payout', 'cancel', 'void', 'tombstone') THEN closed[stake] := true; END IF;
        ELSIF outcome = 'stake_missing' THEN
            revoked[stake] := true;
        END IF;
        outcomes[item.n] := outcome;
    END LOOP;
    RETURN outcomes;
END
$$;

-- Applies a batch in one commit and answers for each transfer in the order given.
--
-- Rows are locked in one order in every transaction: accounts, then transfers and markers, then system balances, each
-- by id. So two batches can wait for each other but never in a circle.
CREATE FUNCTION apply_transfers(
    transfer_ids uuid[], kinds transfer_kind[], account_ids uuid[], market_ids uuid[], bet_ids uuid[],
    amounts bigint[], fingerprints bytea[], closes_ids uuid[], chosen_stripe smallint
) RETURNS transfer_outcome[] LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    outcomes transfer_outcome[] := decide_transfers(
        transfer_ids, kinds, account_ids, market_ids, bet_ids, amounts, fingerprints, closes_ids);
    applied_at CONSTANT timestamptz := clock_timestamp();
    expected CONSTANT bigint := cardinality(array_positions(outcomes, 'applied'));
    inserted bigint;
BEGIN
    INSERT INTO transfers (transfer_id, seq, kind, account_id, market_id, bet_id, points, fingerprint,
        closes_transfer_id, created_at)
    SELECT transfer_id, seq, kind, account_id, market_id, bet_id, points, fingerprint, closes_id, applied_at
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

    INSERT INTO system_balances (ledger_id, stripe, balance)
    SELECT counterpart(kind, market_id), chosen_stripe, sum(-balance_change(kind, points))
    FROM unnest(kinds, market_ids, amounts, outcomes) AS i (kind, market_id, points, outcome)
    WHERE outcome = 'applied'
    GROUP BY 1
    ORDER BY 1
    ON CONFLICT (ledger_id, stripe) DO UPDATE SET balance = system_balances.balance + EXCLUDED.balance;
    RETURN outcomes;
END
$$;
