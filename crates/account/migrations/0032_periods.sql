-- What was written so far becomes the first partition, and the next one stands ready.
--
-- On a live table: names and catalogs change, no row is read or written. Both tables are locked against everybody for that
-- moment; `migrate` gives up after 3 s of waiting for them and comes again.

-- The first thing that whoever writes transfers or results does: gives the period to write in, and holds it until the
-- commit. So nobody writes in one period while anybody still writes in the one before. That makes the keys exact, although
-- each partition has its own: whoever writes in a new period sees all that was written before, provided that the look comes
-- in a later statement than this call and sees what is committed by then (READ COMMITTED).
CREATE FUNCTION period_lock() RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 6012027;

CREATE FUNCTION write_period() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(period_lock());
    RETURN (SELECT period FROM periods WHERE ended_at IS NULL);
END
$$;

-- No foreign key any more, as for transfers: record_results holds the account's row. And whoever drops an archived partition
-- would lock the accounts for it.
ALTER TABLE bet_results DROP CONSTRAINT bet_results_account_id_fkey;

DO $$
DECLARE
    first CONSTANT int := (SELECT period FROM periods);
BEGIN
    EXECUTE format('ALTER TABLE transfers RENAME TO transfers_%s', first);
    EXECUTE format('ALTER INDEX transfers_pkey RENAME TO transfers_%s_pkey', first);
    EXECUTE format('ALTER INDEX transfers_feed RENAME TO transfers_feed_%s', first);
    EXECUTE format('ALTER INDEX transfers_statement RENAME TO transfers_statement_%s', first);
    EXECUTE format('ALTER INDEX transfers_one_closing RENAME TO transfers_one_closing_%s', first);
    EXECUTE format('ALTER TABLE bet_results RENAME TO bet_results_%s', first);
    EXECUTE format('ALTER INDEX bet_results_pkey RENAME TO bet_results_%s_pkey', first);
END
$$;

-- Columns and constraints as in 0002, by their names. Indexes are the partitions' own: `prepare_period` makes them.
CREATE TABLE transfers (
    transfer_id uuid NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    seq bigint NOT NULL DEFAULT nextval('transfers_seq'),
    kind transfer_kind NOT NULL,
    account_id uuid NOT NULL,
    market_id uuid,
    bet_id uuid,
    debit_id uuid NOT NULL GENERATED ALWAYS AS (
        CASE WHEN kind = 'stake' THEN account_id ELSE counterpart(kind, market_id) END
    ) STORED,
    credit_id uuid NOT NULL GENERATED ALWAYS AS (
        CASE WHEN kind = 'stake' THEN counterpart(kind, market_id) ELSE account_id END
    ) STORED,
    points bigint NOT NULL CONSTRAINT transfers_points_check CHECK (points > 0),
    fingerprint bytea NOT NULL,
    closes_transfer_id uuid,
    created_at timestamptz NOT NULL,
    period int NOT NULL DEFAULT write_period(),
    CONSTRAINT transfers_check CHECK (
        (kind IN ('payout', 'cancel', 'void', 'tombstone', 'correction')) = (closes_transfer_id IS NOT NULL)
    )
) PARTITION BY LIST (period);

ALTER SEQUENCE transfers_seq OWNED BY transfers.seq;

CREATE TABLE bet_results (
    bet_id uuid NOT NULL,
    account_id uuid NOT NULL,
    market_id uuid NOT NULL,
    staked bigint NOT NULL CONSTRAINT bet_results_staked_check CHECK (staked > 0),
    paid bigint NOT NULL CONSTRAINT bet_results_paid_check CHECK (paid >= 0),
    created_at timestamptz NOT NULL,
    period int NOT NULL DEFAULT write_period()
) PARTITION BY LIST (period);

CREATE TRIGGER transfers_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON transfers
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER bet_results_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON bet_results
    EXECUTE FUNCTION refuse_change();

DO $$
DECLARE
    first CONSTANT int := (SELECT period FROM periods);
    kept text;
BEGIN
    FOREACH kept IN ARRAY ARRAY['transfers', 'bet_results'] LOOP
        EXECUTE format('ALTER TABLE %1$I ATTACH PARTITION %1$s_%2$s FOR VALUES IN (%2$s)', kept, first);
    END LOOP;
END
$$;

-- Makes the partitions of a period, and tells whether they were not there. Attaching keeps nobody from reading or writing.
-- A statement's trigger guards only the table that the statement names, so each partition has its own.
CREATE FUNCTION prepare_period(next int) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('loljoa.account.prepare_period'));
    IF to_regclass(format('transfers_%s', next)) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE transfers_%1$s (
            LIKE transfers INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING CONSTRAINTS,
            PRIMARY KEY (transfer_id),
            CONSTRAINT transfers_period CHECK (period = %1$s)
        )', next);
    EXECUTE format('CREATE INDEX transfers_feed_%1$s ON transfers_%1$s (xid, seq)', next);
    EXECUTE format('CREATE INDEX transfers_statement_%1$s ON transfers_%1$s (account_id, seq DESC)', next);
    EXECUTE format('CREATE UNIQUE INDEX transfers_one_closing_%1$s ON transfers_%1$s (closes_transfer_id)
        WHERE kind IN (''payout'', ''cancel'', ''void'', ''tombstone'')', next);
    EXECUTE format('CREATE TRIGGER transfers_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON transfers_%s
        EXECUTE FUNCTION refuse_change()', next);
    EXECUTE format('ALTER TABLE transfers ATTACH PARTITION transfers_%1$s FOR VALUES IN (%1$s)', next);

    EXECUTE format('CREATE TABLE bet_results_%1$s (
            LIKE bet_results INCLUDING DEFAULTS INCLUDING CONSTRAINTS,
            PRIMARY KEY (bet_id),
            CONSTRAINT bet_results_period CHECK (period = %1$s)
        )', next);
    EXECUTE format('CREATE TRIGGER bet_results_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON bet_results_%s
        EXECUTE FUNCTION refuse_change()', next);
    EXECUTE format('ALTER TABLE bet_results ATTACH PARTITION bet_results_%1$s FOR VALUES IN (%1$s)', next);
    RETURN true;
END
$$;

-- Ends the current period and begins the next one, whose partitions are there. Tells whether that was to be done: never
-- goes back, and one year at a time. Waits until nobody writes any more, but not for long, because others wait behind it;
-- who has locked an account before asking for the period would wait in a circle, and this is who gives up.
CREATE FUNCTION begin_period(next int) RETURNS boolean LANGUAGE plpgsql SET lock_timeout = '300ms' AS $$
DECLARE
    present int;
    at timestamptz;
BEGIN
    PERFORM pg_advisory_xact_lock(period_lock());
    SELECT period INTO STRICT present FROM periods WHERE ended_at IS NULL;
    IF present >= next THEN
        RETURN false;
    ELSIF next <> present + 1 OR to_regclass(format('transfers_%s', next)) IS NULL THEN
        RAISE EXCEPTION 'the period after % is not ready to be %', present, next
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    at := clock_timestamp();
    UPDATE periods SET ended_at = greatest(at, began_at) WHERE period = present;
    INSERT INTO periods (period, began_at) VALUES (next, at);
    RETURN true;
END
$$;

SELECT prepare_period(period + 1) FROM periods;
