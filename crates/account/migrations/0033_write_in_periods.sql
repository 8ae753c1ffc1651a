-- The functions of 0003 and 0004, in periods. At once, on a live database: a batch under way ends with the function that it
-- began with.

-- The markets with transfers in archived periods. All of their bets are decided and paid.
CREATE TABLE archived_markets (
    market_id uuid PRIMARY KEY,
    -- The last of these periods.
    period int NOT NULL
);

-- Locks the accounts in the order of their ids and decides every transfer as if they came one by one, ordered by
-- account and then as given. Writes nothing.
--
-- Ids are numbered into slots, because PL/pgSQL has arrays but no maps. Reads are lateral so that no plan, however
-- old, does more than one index look-up for each, in each period that is not archived. A market with transfers in an
-- archived period takes no stake any more, and what would close one that is not here is refused: each may have been applied
-- there. What closes a stake came after it, so that one that is here has its closing here too.
CREATE OR REPLACE FUNCTION decide_transfers(
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
    over uuid[];
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

    -- After the look-ups, which hold the tables: a period that is archived after them waits for this batch, and one that
    -- was archived before is seen here.
    SELECT coalesce(array_agg(market_id), '{}') INTO over FROM archived_markets WHERE market_id = ANY (market_ids);

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
            WHEN facts.market_id = ANY (over) AND facts.kind = 'stake' THEN 'stake_revoked'
            WHEN facts.market_id = ANY (over) AND (known[stake]).kind IS NULL THEN 'conflict'
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

-- Records how settled bets ended and moves their stakes from "staked" into the profit, once per bet.
--
-- Only a bet whose stake stands, unrefunded, with the same account, market and points is recorded; of the others
-- `unknown` tells the number. Locks in the order of apply_transfers: accounts first, by id.
CREATE OR REPLACE FUNCTION record_results(
    bet_ids uuid[], stake_ids uuid[], account_ids uuid[], market_ids uuid[], stakes bigint[], payouts bigint[],
    OUT recorded bigint, OUT unknown bigint
) LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    -- First of all, so that whatever is looked up is looked up while the period is held.
    chosen_period CONSTANT int := write_period();
    fitting boolean[];
    -- Whether the bet has its result already, in whichever period.
    known boolean[];
BEGIN
    PERFORM FROM user_balances b WHERE b.account_id = ANY (account_ids) ORDER BY b.account_id FOR NO KEY UPDATE;

    SELECT array_agg(t.transfer_id IS NOT NULL AND r.transfer_id IS NULL ORDER BY i.n),
        array_agg(b.bet_id IS NOT NULL ORDER BY i.n)
    INTO fitting, known
    FROM unnest(bet_ids, stake_ids, account_ids, market_ids, stakes)
        WITH ORDINALITY AS i (bet_id, stake_id, account_id, market_id, staked, n)
    LEFT JOIN LATERAL (
        SELECT * FROM transfers s
        WHERE s.transfer_id = i.stake_id AND s.kind = 'stake'
            AND (s.bet_id, s.account_id, s.market_id, s.points) = (i.bet_id, i.account_id, i.market_id, i.staked)
        LIMIT 1
    ) t ON true
    LEFT JOIN LATERAL (
        SELECT * FROM transfers c
        WHERE c.closes_transfer_id = i.stake_id AND c.kind IN ('cancel', 'void', 'tombstone')
        LIMIT 1
    ) r ON true
    LEFT JOIN LATERAL (SELECT * FROM bet_results b WHERE b.bet_id = i.bet_id LIMIT 1) b ON true;
    unknown := cardinality(array_positions(fitting, false));

    WITH results AS (
        INSERT INTO bet_results (bet_id, account_id, market_id, staked, paid, created_at, period)
        SELECT bet_id, account_id, market_id, staked, paid, clock_timestamp(), chosen_period
        FROM unnest(bet_ids, account_ids, market_ids, stakes, payouts, fitting, known)
            AS i (bet_id, account_id, market_id, staked, paid, fits, is_known)
        WHERE fits AND NOT is_known
        ORDER BY bet_id
        ON CONFLICT DO NOTHING
        RETURNING account_id, staked, paid
    ), changes AS (
        SELECT account_id, sum(staked)::bigint AS staked, sum(paid - staked)::bigint AS profit, count(*) AS results
        FROM results
        GROUP BY account_id
    ), changed AS (
        UPDATE user_balances b SET staked = b.staked - c.staked, profit = b.profit + c.profit
        FROM changes c
        WHERE b.account_id = c.account_id
        RETURNING c.results
    )
    SELECT coalesce(sum(results), 0)::bigint INTO recorded FROM changed;
END
$$;
