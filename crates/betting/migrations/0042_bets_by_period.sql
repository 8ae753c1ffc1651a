-- The table of bets becomes the first partition of a table that is partitioned by period. No row is read or rewritten, and no
-- index is built; whoever bets meanwhile waits for an instant.
--
-- A partition has its own primary key, bet_id: see record_bets for why that is enough. New partitions get it from
-- add_bets_partition, and the other indexes from the parent.
DO $$
DECLARE
    first CONSTANT int := current_period();
    leaf CONSTANT text := 'bets_' || first;
    own text;
BEGIN
    LOCK TABLE bets IN ACCESS EXCLUSIVE MODE;
    -- A partition cannot number its rows by itself.
    CREATE SEQUENCE bets_sequence;
    PERFORM setval('bets_sequence', last_value, is_called) FROM bets_seq_seq;
    ALTER TABLE bets ALTER COLUMN seq DROP IDENTITY;
    ALTER TABLE bets ALTER COLUMN period DROP DEFAULT;

    FOREACH own IN ARRAY ARRAY['pkey', 'of_account', 'of_market', 'changed', 'ended'] LOOP
        EXECUTE format('ALTER INDEX %I RENAME TO %I', 'bets_' || own, leaf || '_' || own);
    END LOOP;
    EXECUTE format('ALTER TABLE bets RENAME TO %I', leaf);
    EXECUTE format('CREATE TABLE bets (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS) PARTITION BY LIST (period)', leaf);
    ALTER TABLE bets DROP CONSTRAINT bets_first_period;
    ALTER TABLE bets ALTER COLUMN seq SET DEFAULT nextval('bets_sequence');
    ALTER SEQUENCE bets_sequence OWNED BY bets.seq;
    CREATE INDEX bets_of_account ON bets (account_id, seq);
    CREATE INDEX bets_of_market ON bets (market_id, seq);
    CREATE INDEX bets_changed ON bets (changed_xid, seq);
    CREATE INDEX bets_ended ON bets (market_id, changed_xid, seq) WHERE state <> 'accepted' AND tombstone IS NULL;
    -- The indexes that are there become the parent's.
    EXECUTE format('ALTER TABLE bets ATTACH PARTITION %I FOR VALUES IN (%s)', leaf, first);
END
$$;

-- Makes the partition of a period to come, unless it is there, and answers whether it was made. Whoever bets is not kept
-- waiting: the parent is not locked for longer than an instant, nor against writers.
CREATE FUNCTION add_bets_partition(year int) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    leaf CONSTANT text := 'bets_' || year;
BEGIN
    IF NOT pg_try_advisory_xact_lock(period_lock() + 1)
        OR year <= (SELECT max(period) FROM periods) OR to_regclass(leaf) IS NOT NULL
    THEN
        RETURN false;
    END IF;
    EXECUTE format(
        'CREATE TABLE %I (LIKE bets INCLUDING DEFAULTS INCLUDING CONSTRAINTS, PRIMARY KEY (bet_id), CHECK (period = %s))',
        leaf, year);
    EXECUTE format('ALTER TABLE bets ATTACH PARTITION %I FOR VALUES IN (%s)', leaf, year);
    RETURN true;
END
$$;

-- Ends the period that goes on and begins a later one, whose partition is there. Answers whether it did: what has begun, or is
-- earlier, is left alone. Waits until nobody is under way who relies on the period that ends.
CREATE FUNCTION begin_period(next int) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(period_lock());
    UPDATE periods SET ended_at = clock_timestamp() WHERE ended_at IS NULL AND period < next;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF to_regclass('bets_' || next) IS NULL THEN
        RAISE EXCEPTION 'there is no partition for period %', next;
    END IF;
    INSERT INTO periods (period) VALUES (next);
    RETURN true;
END
$$;

SELECT add_bets_partition(max(period) + 1) FROM periods;
