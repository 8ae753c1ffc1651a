-- What is left of bets that have been archived. New tables and functions only: nothing waits.

-- Detached partitions are moved here, for a person to dump and drop.
CREATE SCHEMA IF NOT EXISTS archive;

-- The sums of a market's bets. They count once their period has been archived; until then they are being gathered.
-- A market can have tombstones in a later period than its own, and ids that no market has can have tombstones too.
CREATE TABLE archived_markets (
    market_id uuid NOT NULL,
    period    int NOT NULL REFERENCES periods,
    -- All of its bets in the period …
    bets      bigint NOT NULL CHECK (bets >= 0),
    -- … and what those that stood to the end staked, and got.
    staked    bigint NOT NULL CHECK (staked >= 0),
    returned  bigint NOT NULL CHECK (returned >= 0),
    PRIMARY KEY (period, market_id)
);

CREATE INDEX archived_markets_by_id ON archived_markets (market_id);

-- The next market, after a market, that has bets in a period; none at the end. One step in an index.
CREATE FUNCTION next_market_of_period(p int, after uuid) RETURNS uuid
LANGUAGE sql STABLE
RETURN (SELECT b.market_id FROM bets b WHERE b.period = p AND b.market_id > after ORDER BY b.market_id, b.seq LIMIT 1);

-- Why a period cannot be archived yet, as sentences. None: it can, or has been. Asked under locks, so it must not read through
-- anything large: hence LIMIT 1 where EXISTS could be turned into a hash of the whole table.
CREATE FUNCTION period_obstacles(p int) RETURNS SETOF text
LANGUAGE plpgsql SET enable_seqscan = off SET jit = off AS $$
DECLARE
    this periods;
    earlier int;
    behind record;
BEGIN
    SELECT * INTO this FROM periods WHERE period = p;
    IF this.period IS NULL THEN
        RETURN NEXT format('there is no period %s', p);
        RETURN;
    ELSIF this.archived_at IS NOT NULL THEN
        RETURN;
    ELSIF this.ended_at IS NULL THEN
        RETURN NEXT format('period %s has not ended', p);
    END IF;
    SELECT min(period) INTO earlier FROM periods WHERE period < p AND archived_at IS NULL;
    IF earlier IS NOT NULL THEN
        RETURN NEXT format('period %s comes first', earlier);
    END IF;

    RETURN QUERY
    SELECT format('%s: %s of its markets, such as %s', why, count(*), min(market_id::text))
    FROM (
        SELECT m.market_id, 1 AS place, 'not final' AS why FROM markets m
        WHERE m.period = p AND m.state NOT IN ('settled', 'void')
        UNION ALL
        SELECT m.market_id, 2, 'owed payments' FROM markets m
        WHERE m.period = p AND (SELECT true FROM owed o WHERE o.market_id = m.market_id LIMIT 1)
        UNION ALL
        -- Of tombstones that are here although their market is not.
        SELECT o.market_id, 2, 'owed payments' FROM owed o
        WHERE NOT EXISTS (SELECT FROM markets m WHERE m.market_id = o.market_id AND m.period = p)
            AND (SELECT true FROM bets b WHERE b.bet_id = o.bet_id AND b.period = p LIMIT 1)
        UNION ALL
        SELECT m.market_id, 3, 'being corrected' FROM corrections c JOIN markets m USING (market_id)
        WHERE m.period = p AND c.done_at IS NULL
        UNION ALL
        SELECT m.market_id, 4, 'with late bets' FROM late_refunds l JOIN markets m USING (market_id) WHERE m.period = p
        UNION ALL
        SELECT m.market_id, 5, 'not yet known to agree with the bets, and to be empty in the ledger'
        FROM markets m LEFT JOIN audit_markets a USING (market_id)
        WHERE m.period = p AND CASE WHEN a.market_id IS NULL
            THEN (SELECT true FROM bets b WHERE b.period = p AND b.market_id = m.market_id LIMIT 1)
            ELSE a.dirty OR NOT a.emptied END
        UNION ALL
        SELECT m.market_id, 6, 'with findings of the audit' FROM markets m
        WHERE m.period = p AND EXISTS (SELECT FROM audit_findings f WHERE f.market_id = m.market_id)
    ) market GROUP BY place, why ORDER BY place;

    SELECT b.bet_id INTO behind FROM bets b
    WHERE b.period = p AND (b.changed_xid, b.seq) > (
        coalesce((SELECT c.xid FROM audit_cursors c WHERE c.name = 'bets'), '0'),
        coalesce((SELECT c.seq FROM audit_cursors c WHERE c.name = 'bets'), 0))
    ORDER BY b.changed_xid, b.seq LIMIT 1;
    IF behind.bet_id IS NOT NULL THEN
        RETURN NEXT format('the audit has yet to look at its bets, such as %s', behind.bet_id);
    END IF;
END
$$;

-- Begins the archiving of a period, or goes on with it. What was summed before counts as long as no bet has changed since, and
-- this is still the database in which it was.
CREATE FUNCTION begin_archiving(p int) RETURNS void
LANGUAGE plpgsql SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
    below xid8;
BEGIN
    SELECT sums_below INTO below FROM periods WHERE period = p FOR NO KEY UPDATE;
    IF below IS NULL OR below > pg_snapshot_xmin(pg_current_snapshot())
        OR EXISTS (SELECT FROM bets b WHERE b.period = p AND b.changed_xid >= below)
    THEN
        DELETE FROM archived_markets WHERE period = p;
        UPDATE periods SET sums_below = pg_snapshot_xmin(pg_current_snapshot()) WHERE period = p;
    END IF;
    -- Tombstones of a market that was not known yet belong to the market's period.
    UPDATE bets b SET period = m.period FROM markets m
    WHERE b.period = p AND b.market_id = m.market_id AND m.period > p;
END
$$;

-- Locks a period's bets against vacuums and the like, not against who bets.
CREATE FUNCTION claim_bets_partition(p int) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('LOCK TABLE %I IN SHARE UPDATE EXCLUSIVE MODE', 'bets_' || p);
END
$$;

-- Detaches the partition of a period whose bets have all been summed. Answers false, and does nothing, when bets have changed
-- since. The caller holds period_lock(), and has asked for obstacles since.
CREATE FUNCTION detach_period(p int) RETURNS boolean
LANGUAGE plpgsql SET enable_seqscan = off SET jit = off AS $$
DECLARE
    leaf CONSTANT text := 'bets_' || p;
    changed boolean;
BEGIN
    EXECUTE format('ALTER TABLE bets DETACH PARTITION %I', leaf);
    EXECUTE format(
        'SELECT EXISTS (SELECT FROM %I WHERE changed_xid >= (SELECT sums_below FROM periods WHERE period = %s))', leaf, p)
    INTO changed;
    IF changed THEN
        RETURN false;
    END IF;
    UPDATE periods SET archived_at = clock_timestamp(), sums_below = NULL, bytes = pg_total_relation_size(leaf),
        bets = (SELECT coalesce(sum(a.bets), 0) FROM archived_markets a WHERE a.period = p)
    WHERE period = p;
    EXECUTE format('ALTER TABLE %I SET SCHEMA archive', leaf);
    RETURN true;
END
$$;

-- Those of these markets whose bets have been archived, and when the last of them were. A market that is there belongs to its
-- own period; besides, there can have been tombstones of it in a later one, and of an id that no market has.
CREATE FUNCTION archived(market_ids uuid[]) RETURNS TABLE (market_id uuid, archived_at timestamptz)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT i.id, max(p.archived_at) FROM unnest(market_ids) AS i (id)
    LEFT JOIN markets m ON m.market_id = i.id
    JOIN periods p ON p.archived_at IS NOT NULL AND (p.period = m.period
        OR EXISTS (SELECT FROM archived_markets a WHERE a.market_id = i.id AND a.period = p.period))
    WHERE NOT EXISTS (SELECT FROM periods own WHERE own.period = m.period AND own.archived_at IS NULL)
    GROUP BY i.id;
END;

-- Compares a market whose bets have been archived with their sums.
CREATE FUNCTION archived_differences(market uuid)
RETURNS TABLE (check_name text, subject text, expected text, found text)
LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH total AS (
        SELECT m.pool, coalesce(a.staked, 0) AS staked, coalesce(a.returned, 0) AS returned,
            (SELECT coalesce(sum(o.pool), 0) FROM outcomes o WHERE o.market_id = market) AS outcomes
        FROM markets m JOIN periods p USING (period)
        LEFT JOIN archived_markets a ON a.market_id = m.market_id AND a.period = m.period
        WHERE m.market_id = market AND p.archived_at IS NOT NULL
    )
    SELECT 'market_pool', market::text, staked::text, pool::text FROM total WHERE staked <> pool
    UNION ALL
    SELECT 'outcome', market::text, staked::text, outcomes::text FROM total WHERE staked <> outcomes
    UNION ALL
    SELECT 'market_paid', market::text, staked::text, returned::text FROM total WHERE staked <> returned;
END;

-- As before, and markets whose bets have been archived are compared with their sums.
ALTER FUNCTION audit_compare(uuid, uuid[], uuid[]) RENAME TO audit_compare_bets;

CREATE FUNCTION audit_compare(market uuid, outcome_ids uuid[], account_ids uuid[])
RETURNS TABLE (check_name text, subject text, expected text, found text)
LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM archived(ARRAY[market])) THEN
        RETURN QUERY SELECT * FROM archived_differences(market);
    ELSE
        RETURN QUERY SELECT * FROM audit_compare_bets(market, outcome_ids, account_ids);
    END IF;
END
$$;
