-- No market gives more than it holds (docs/adr/0023): what leaves a pool is bounded by the sum of the pool's stripes, and what the
-- house pays for a market by the market's cover. A single stripe may well be below zero.
--
-- Functions and triggers only: at once, on a live database. A pool that is below zero already, which should not be, keeps nobody
-- from staking; it pays nothing until it holds something again.

-- Who takes from a pool, or from a cover, waits for whoever else does, so that the sums that are read after this call can only
-- grow until the commit. Stakes add, and wait for nobody. So many keys, because locks of this kind are counted for the whole server.
CREATE FUNCTION lock_pools(market_ids uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(6012028, key)
    FROM (
        SELECT DISTINCT uuid_hash(market_id) & 255 AS key FROM unnest(market_ids) AS m (market_id)
        WHERE market_id IS NOT NULL
        ORDER BY 1
    ) keys;
END
$$;

-- The last word, whoever writes and however: `decide_transfers` refuses single transfers before it comes to this.
CREATE FUNCTION refuse_overdraft() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    held record;
BEGIN
    PERFORM lock_pools(ARRAY[NEW.ledger_id]);
    SELECT sum(balance) AS balance, sum(cover) AS cover INTO held FROM system_balances WHERE ledger_id = NEW.ledger_id;
    IF (NEW.balance < coalesce(OLD.balance, 0) AND held.balance < 0)
        OR (NEW.cover < coalesce(OLD.cover, 0) AND held.cover < 0) THEN
        RAISE EXCEPTION 'market % would give more than it holds', NEW.ledger_id
            USING ERRCODE = 'check_violation', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER system_balances_begun_overdrawn AFTER INSERT ON system_balances
    FOR EACH ROW WHEN (NEW.ledger_id <> house() AND (NEW.balance < 0 OR NEW.cover < 0))
    EXECUTE FUNCTION refuse_overdraft();
CREATE TRIGGER system_balances_overdrawn AFTER UPDATE ON system_balances
    FOR EACH ROW WHEN (NEW.ledger_id <> house() AND (NEW.balance < OLD.balance OR NEW.cover < OLD.cover))
    EXECUTE FUNCTION refuse_overdraft();

-- As in 0033, and bounds what leaves pools and covers. Locks pools first, if anything is to leave them, then
-- the accounts in the order of their ids, and decides every transfer as if they came one by one, ordered by
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
    voided boolean[] := '{}';
    settled boolean[] := '{}';
    revoked boolean[] := '{}';
    -- Whether anything leaves a pool or a cover. Only then is looked at them.
    gives CONSTANT boolean := cardinality(array_remove(closes_ids, NULL)) > 0;
    -- By transfer: the place of its market in what follows.
    places bigint[];
    pools bigint[];
    covers bigint[];
    over uuid[];
    account user_balances;
    facts transfer_facts;
    item record;
    own bigint;
    stake bigint;
    pool bigint;
    outcome transfer_outcome;
BEGIN
    IF gives THEN
        PERFORM lock_pools(market_ids);
    END IF;
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
        SELECT c.slot, t.transfer_id IS NOT NULL AS closed, t.kind IS NOT DISTINCT FROM 'void' AS voided,
            b.bet_id IS NOT NULL AS settled
        FROM unnest(closes_ids, stake_slots, bet_ids) AS c (id, slot, bet_id)
        LEFT JOIN LATERAL (
            SELECT * FROM transfers
            WHERE closes_transfer_id = c.id AND kind IN ('payout', 'cancel', 'void', 'tombstone') LIMIT 1
        ) t ON true
        LEFT JOIN LATERAL (SELECT * FROM bet_results r WHERE r.bet_id = c.bet_id LIMIT 1) b ON true
        WHERE c.id IS NOT NULL AND (t.transfer_id IS NOT NULL OR b.bet_id IS NOT NULL)
    LOOP
        closed[item.slot] := item.closed;
        voided[item.slot] := item.voided;
        settled[item.slot] := item.settled;
    END LOOP;

    -- After the look-ups, which hold the tables: a period that is archived after them waits for this batch, and one that
    -- was archived before is seen here.
    SELECT coalesce(array_agg(market_id), '{}') INTO over FROM archived_markets WHERE market_id = ANY (market_ids);

    IF gives THEN
        SELECT array_agg(place ORDER BY n) INTO places
        FROM (
            SELECT n, dense_rank() OVER (ORDER BY market_id NULLS LAST) AS place
            FROM unnest(market_ids) WITH ORDINALITY AS m (market_id, n)
        ) ranked;
        -- In a statement after `lock_pools`, so that it sees what has left them by now.
        SELECT array_agg(coalesce(p.balance, 0) ORDER BY m.market_id),
            array_agg(coalesce(p.cover, 0) ORDER BY m.market_id)
        INTO pools, covers
        FROM (SELECT DISTINCT market_id FROM unnest(market_ids) AS i (market_id) WHERE market_id IS NOT NULL) m
        LEFT JOIN LATERAL (
            SELECT sum(balance)::bigint AS balance, sum(cover)::bigint AS cover
            FROM system_balances s WHERE s.ledger_id = m.market_id
        ) p ON true;
    END IF;

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
            -- What is corrected is a bet of this market that has ended, as lost or void.
            WHEN facts.kind = 'correction' AND (known[stake]).kind IS NOT NULL
                AND (((known[stake]).kind, (known[stake]).market_id, (known[stake]).bet_id)
                        IS DISTINCT FROM ('stake'::transfer_kind, facts.market_id, facts.bet_id)
                    OR NOT (coalesce(settled[stake], false) OR coalesce(voided[stake], false))) THEN 'conflict'
            ELSE outcome_of(facts, account, coalesce(revoked[own], false), known[stake],
                coalesce(closed[stake], false), coalesce(settled[stake], false))
        END;
        IF gives AND outcome = 'applied' THEN
            pool := places[item.n];
            IF facts.kind IN ('payout', 'cancel', 'void', 'tombstone') AND pools[pool] < facts.points THEN
                outcome := 'insufficient_points';
            ELSIF facts.kind = 'correction' AND covers[pool] < facts.points THEN
                outcome := 'limit_exceeded';
            ELSIF facts.kind = 'correction' THEN
                covers[pool] := covers[pool] - facts.points;
            ELSIF facts.market_id IS NOT NULL THEN
                pools[pool] := pools[pool] - balance_change(facts.kind, facts.points);
                covers[pool] := covers[pool] + cover_change(facts.kind, facts.points);
            END IF;
        END IF;
        IF outcome = 'applied' THEN
            known[own] := facts;
            account.balance := account.balance + balance_change(facts.kind, facts.points);
            account.staked := account.staked + staked_change(facts.kind, facts.points);
            account.profit := account.profit + profit_change(facts.kind, facts.points);
            IF facts.kind IN ('payout', 'cancel', 'void', 'tombstone') THEN closed[stake] := true; END IF;
            IF facts.kind = 'void' THEN voided[stake] := true; END IF;
        ELSIF outcome = 'stake_missing' THEN
            revoked[stake] := true;
        END IF;
        outcomes[item.n] := outcome;
    END LOOP;
    RETURN outcomes;
END
$$;
