-- Bets are kept by period, so that the end of a year is the detaching of a table (docs/adr/0021). This migration adds what says
-- which period a market and its bets belong to; 0041 checks it and 0042 makes the table a partition.
--
-- On a live table: no row is rewritten or read. The two ALTER TABLEs hold their tables for an instant. A batch that is under way
-- at just that instant fails as a whole and is asked for again.

-- A period is an event in the database, and no reading of a clock: whoever writes has one answer to which it is. Exactly one
-- goes on.
CREATE TABLE periods (
    -- The year in which it began (UTC, and a day late: see `period_due`).
    period      int PRIMARY KEY,
    began_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at    timestamptz,
    -- While it is being archived: its bets changed last below this transaction, and their sums say so.
    sums_below  xid8,
    archived_at timestamptz,
    -- What was archived.
    bets        bigint,
    bytes       bigint,
    CHECK (archived_at IS NULL OR (ended_at IS NOT NULL AND bets IS NOT NULL AND bytes IS NOT NULL))
);

CREATE UNIQUE INDEX periods_current ON periods ((ended_at IS NULL)) WHERE ended_at IS NULL;

-- The period that is due. The ledger changes its period with the year; betting follows a day later, so that the stakes of a
-- market's bets are never in an earlier period than the market.
CREATE FUNCTION period_due() RETURNS int
LANGUAGE sql VOLATILE
RETURN extract(year FROM (clock_timestamp() - interval '1 day') AT TIME ZONE 'UTC')::int;

-- What a change of period, and the archiving of one, exclude whom by.
CREATE FUNCTION period_lock() RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 6021403050;

-- The period that goes on, and will until this transaction ends. No two transactions that have asked in different periods are
-- ever under way together, so what a statement after this one sees includes all that was written in the periods before.
CREATE FUNCTION current_period() RETURNS int
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(period_lock());
    RETURN (SELECT p.period FROM periods p WHERE p.ended_at IS NULL);
END
$$;

-- All that is there is the first period.
INSERT INTO periods (period, began_at)
SELECT period_due(), coalesce((SELECT min(created_at) FROM markets), clock_timestamp());

DO $$
DECLARE
    first CONSTANT int := current_period();
BEGIN
    -- A market keeps the period in which it was opened.
    EXECUTE format('ALTER TABLE markets ADD COLUMN period int NOT NULL DEFAULT %s', first);
    ALTER TABLE markets ALTER COLUMN period SET DEFAULT current_period();
    EXECUTE format(
        'ALTER TABLE bets ADD COLUMN period int NOT NULL DEFAULT %1$s,
            ADD CONSTRAINT bets_first_period CHECK (period = %1$s) NOT VALID', first);
END
$$;

-- A bet belongs to its market's period, whenever it is recorded, and so does its tombstone: the two meet in one partition, and
-- which of them comes first is decided by that partition's primary key. (Bets on different markets under one id cannot both
-- have a stake: the ledger tells them by their fingerprints.) Where there is no market, the period is the current one, and
-- asking for it comes before looking for the bet. Where the market's period has been archived, it is the oldest that has not.
DROP FUNCTION record_bets(uuid[], uuid[], uuid[], uuid[], bigint[], bytea[], int);

-- Records bets whose stakes the ledger has taken, in the given order, and answers each with its present state.
-- A bet that is there already stays as it is. A bet that finds its market closed becomes a tombstone with a refund owed.
-- The ids are distinct. Plans must not depend on how full the tables were when they were made: hence no sequential scans,
-- and LATERAL … LIMIT 1 where an index has to be used for each item.
CREATE FUNCTION record_bets(
    bet_ids uuid[], account_ids uuid[], market_ids uuid[], outcome_ids uuid[], stakes bigint[], fingerprints bytea[],
    patience_ms int DEFAULT 0
) RETURNS TABLE (
    bet_id uuid, seq bigint, account_id uuid, market_id uuid, outcome_id uuid, stake bigint, state text, tombstone text,
    placed_odds_hundredths bigint, returned bigint, fingerprint bytea, recorded_at timestamptz, closed_at timestamptz,
    changed_xid xid8, period int
)
LANGUAGE plpgsql SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_column
DECLARE
    instant timestamptz;
    entered uuid[];
    held bigint;
    of_no_market int;
BEGIN
    IF patience_ms > 0 THEN
        PERFORM set_config('lock_timeout', patience_ms || 'ms', true);
    END IF;
    PERFORM FROM markets WHERE market_id = ANY (market_ids) ORDER BY market_id FOR NO KEY UPDATE;
    GET DIAGNOSTICS held = ROW_COUNT;
    IF held < (SELECT count(DISTINCT id) FROM unnest(market_ids) AS i (id)) THEN
        of_no_market := current_period();
    END IF;
    instant := clock_timestamp();

    WITH item AS (
        SELECT i.*, m.pool AS market_pool, o.pool AS outcome_pool,
            coalesce(takes_bets(m.state, m.lock_at, instant) AND o.pool IS NOT NULL, false) AS stands,
            CASE WHEN m.period IS NULL THEN of_no_market
                ELSE greatest(m.period, (SELECT min(period) FROM periods WHERE archived_at IS NULL)) END AS period
        FROM unnest(bet_ids, account_ids, market_ids, outcome_ids, stakes, fingerprints) WITH ORDINALITY
            AS i (bet_id, account_id, market_id, outcome_id, stake, fingerprint, place)
        LEFT JOIN LATERAL (SELECT * FROM markets WHERE market_id = i.market_id LIMIT 1) m ON true
        LEFT JOIN LATERAL (
            SELECT * FROM outcomes WHERE outcome_id = i.outcome_id AND market_id = i.market_id LIMIT 1
        ) o ON true
        WHERE (SELECT true FROM bets b WHERE b.bet_id = i.bet_id LIMIT 1) IS NULL
    ), recorded AS (
        INSERT INTO bets (bet_id, account_id, market_id, outcome_id, stake, state, tombstone, placed_odds_hundredths,
            returned, fingerprint, recorded_at, closed_at, period)
        SELECT bet_id, account_id, market_id, outcome_id, stake,
            CASE WHEN stands THEN 'accepted' ELSE 'refunded' END,
            CASE WHEN NOT stands THEN 'market_locked' END,
            CASE WHEN stands THEN div(
                (market_pool + sum(stake) FILTER (WHERE stands) OVER (PARTITION BY market_id ORDER BY place)) * 100,
                outcome_pool + sum(stake) FILTER (WHERE stands) OVER (PARTITION BY outcome_id ORDER BY place)
            ) ELSE 0 END,
            CASE WHEN stands THEN 0 ELSE stake END,
            fingerprint, instant,
            CASE WHEN NOT stands THEN instant END,
            period
        FROM item ORDER BY place
        ON CONFLICT DO NOTHING
        RETURNING bet_id, seq, account_id, market_id, outcome_id, stake, state
    ), refund AS (
        INSERT INTO owed (bet_id, account_id, market_id, kind, points, staked)
        SELECT bet_id, account_id, market_id, 'tombstone', stake, stake FROM recorded
        WHERE state = 'refunded' ORDER BY bet_id
    ), position AS (
        INSERT INTO positions AS p (outcome_id, account_id, stake, bets, since_seq)
        SELECT outcome_id, account_id, sum(stake), count(*), min(seq) FROM recorded
        WHERE state = 'accepted' GROUP BY outcome_id, account_id ORDER BY outcome_id, account_id
        ON CONFLICT (outcome_id, account_id) DO UPDATE SET
            stake = p.stake + excluded.stake,
            bets = p.bets + excluded.bets,
            since_seq = CASE WHEN p.bets = 0 THEN excluded.since_seq ELSE p.since_seq END
        -- Sequences are drawn under the market's lock: what is not below this batch's is new with it.
        RETURNING outcome_id, account_id, stake, since_seq,
            since_seq >= (SELECT min(seq) FROM recorded) AS is_new
    ), best AS (
        SELECT DISTINCT ON (outcome_id) outcome_id, account_id, stake, since_seq,
            count(*) FILTER (WHERE is_new) OVER (PARTITION BY outcome_id) AS newcomers
        FROM position ORDER BY outcome_id, stake DESC, since_seq
    ), floor AS MATERIALIZED (
        SELECT b.outcome_id, o.floor_stake, o.floor_seq FROM best b
        CROSS JOIN LATERAL (SELECT * FROM outcomes WHERE outcome_id = b.outcome_id LIMIT 1) o
    ), leader AS (
        INSERT INTO leaders (outcome_id, account_id)
        SELECT p.outcome_id, p.account_id FROM position p JOIN floor f USING (outcome_id)
        WHERE (p.stake, -p.since_seq) > (f.floor_stake, -f.floor_seq) ORDER BY p.outcome_id, p.account_id
        ON CONFLICT (outcome_id, account_id) DO NOTHING
        RETURNING outcome_id
    ), outcome AS (
        -- Whoever led before either leads still or is among the positions of this batch.
        UPDATE outcomes o SET
            pool = o.pool + added.stake,
            bettors = o.bettors + b.newcomers,
            top_account_id = CASE WHEN leads THEN b.account_id ELSE o.top_account_id END,
            top_stake = CASE WHEN leads THEN b.stake ELSE o.top_stake END,
            top_seq = CASE WHEN leads THEN b.since_seq ELSE o.top_seq END
        FROM best b
        JOIN (
            SELECT outcome_id, sum(stake) AS stake FROM recorded WHERE state = 'accepted' GROUP BY outcome_id
        ) added USING (outcome_id)
        JOIN LATERAL (
            SELECT (b.stake, -b.since_seq) > (top_stake, -coalesce(top_seq, 0)) AS leads
            FROM outcomes WHERE outcome_id = b.outcome_id LIMIT 1
        ) lead ON true
        WHERE o.outcome_id = b.outcome_id
    ), market AS (
        UPDATE markets m SET pool = m.pool + added.stake, revision = m.revision + 1
        FROM (
            SELECT market_id, sum(stake) AS stake FROM recorded WHERE state = 'accepted' GROUP BY market_id
        ) added
        WHERE m.market_id = added.market_id
    )
    SELECT array_agg(DISTINCT outcome_id) INTO entered FROM leader;
    IF entered IS NOT NULL THEN
        PERFORM trim_leaders(entered);
    END IF;

    RETURN QUERY
    SELECT b.bet_id, b.seq, b.account_id, b.market_id, b.outcome_id, b.stake, b.state, b.tombstone,
        b.placed_odds_hundredths, b.returned, b.fingerprint, b.recorded_at, b.closed_at, b.changed_xid, b.period
    FROM unnest(bet_ids) WITH ORDINALITY AS i (bet_id, place)
    CROSS JOIN LATERAL (SELECT * FROM bets WHERE bet_id = i.bet_id LIMIT 1) b
    ORDER BY i.place;
END
$$;

-- Writes a tombstone, with its refund owed, for each of these stakes that has no bet, and answers how many.
--
-- No market is locked: a tombstone touches no pool and no position, and whether it or the bet comes first is decided by the
-- partition's primary key. So a market that somebody holds keeps no stake of any other market from going back. The order of the
-- ids is recovery's own; where a batch inserts the same ids in another order, one of the two is rolled back and tries again.
CREATE OR REPLACE FUNCTION tombstone_stakes(
    bet_ids uuid[], account_ids uuid[], market_ids uuid[], stakes bigint[], fingerprints bytea[]
) RETURNS bigint
LANGUAGE plpgsql SET enable_seqscan = off SET jit = off AS $$
DECLARE
    of_no_market CONSTANT int := current_period();
    instant CONSTANT timestamptz := clock_timestamp();
    written bigint;
BEGIN
    WITH recorded AS (
        INSERT INTO bets (bet_id, account_id, market_id, stake, state, tombstone, placed_odds_hundredths, returned,
            fingerprint, recorded_at, closed_at, period)
        SELECT i.bet_id, i.account_id, i.market_id, i.stake, 'refunded',
            CASE WHEN takes_bets(m.state, m.lock_at, instant) THEN 'abandoned' ELSE 'market_locked' END,
            0, i.stake, i.fingerprint, instant, instant,
            CASE WHEN m.period IS NULL THEN of_no_market
                ELSE greatest(m.period, (SELECT min(period) FROM periods WHERE archived_at IS NULL)) END
        FROM unnest(bet_ids, account_ids, market_ids, stakes, fingerprints)
            AS i (bet_id, account_id, market_id, stake, fingerprint)
        LEFT JOIN LATERAL (SELECT * FROM markets WHERE market_id = i.market_id LIMIT 1) m ON true
        WHERE (SELECT true FROM bets b WHERE b.bet_id = i.bet_id LIMIT 1) IS NULL
        ORDER BY i.bet_id
        ON CONFLICT DO NOTHING
        RETURNING bet_id, account_id, market_id, stake
    ), refund AS (
        INSERT INTO owed (bet_id, account_id, market_id, kind, points, staked)
        SELECT bet_id, account_id, market_id, 'tombstone', stake, stake FROM recorded ORDER BY bet_id
    )
    SELECT count(*) INTO written FROM recorded;
    RETURN written;
END
$$;
