-- What the end of a market owes is owed by the chunk: one row says that the ledger has yet to be told how the bets between two
-- sequences ended, and the bets themselves say the rest (docs/adr/0042). Single rows of `owed` are for what comes singly, and for what
-- the ledger did not take.
--
-- On a live table: a new table, functions, and a trigger, for which whoever bets waits an instant. A replica of the version before goes
-- on owing row by row, which is delivered as ever; it does not deliver chunks, and the trigger keeps it from ending a market of which
-- there are some.
CREATE TABLE owed_chunks (
    market_id    uuid NOT NULL,
    -- The market's bets from the first to the last of these that have won, lost or gone back with the market, as they say.
    first_seq    bigint NOT NULL,
    last_seq     bigint NOT NULL,
    -- Of these, the bets of accounts in these slots: those of one cell of the ledger (docs/adr/0041).
    first_slot   int NOT NULL,
    last_slot    int NOT NULL,
    bets         int NOT NULL CHECK (bets > 0),
    leased_until timestamptz NOT NULL DEFAULT '-infinity',
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (market_id, first_seq, first_slot),
    CHECK (first_seq <= last_seq AND first_slot <= last_slot)
) WITH (fillfactor = 50);

CREATE INDEX owed_chunks_due ON owed_chunks (created_at);

-- All that is owed, bet by bet.
CREATE VIEW owed_bets AS
SELECT bet_id, correction, account_id, market_id, kind, points, staked, parked FROM owed
UNION ALL
SELECT b.bet_id, false, b.account_id, b.market_id, CASE b.state WHEN 'won' THEN 'payout' ELSE b.state END, b.returned, b.stake, false
FROM owed_chunks c JOIN bets b ON b.market_id = c.market_id AND b.seq BETWEEN c.first_seq AND c.last_seq
WHERE b.state IN ('won', 'lost', 'void') AND slot_of(b.account_id) BETWEEN c.first_slot AND c.last_slot;

-- Closes a chunk of a market's bets as settlement or void decided, owes what follows, and moves the market's cursor. `sequences` ascend,
-- and begin behind those of the chunk before; `first_slots` and `last_slots` are those of the ledger's cells. The caller holds the market's lock. The planner takes a chunk for ten bets: without the
-- nested loop that it would choose, the chunk is read once, by its range, and not once for each of its bets.
CREATE FUNCTION close_chunk(
    market uuid, sequences bigint[], new_states text[], returns bigint[], last_seq bigint,
    first_slots int[] DEFAULT '{0}', last_slots int[] DEFAULT '{4095}'
) RETURNS void
LANGUAGE plpgsql SET enable_seqscan = off SET enable_nestloop = off SET jit = off AS $$
DECLARE
    instant CONSTANT timestamptz := clock_timestamp();
    closed int;
BEGIN
    UPDATE bets b SET state = i.new_state, returned = i.returned, closed_at = instant, changed_xid = pg_current_xact_id()
    FROM unnest(sequences, new_states, returns) AS i (seq, new_state, returned)
    WHERE b.market_id = market AND b.seq BETWEEN sequences[1] AND last_seq AND b.seq = i.seq AND b.state = 'accepted';
    GET DIAGNOSTICS closed = ROW_COUNT;
    IF closed > 0 AND cardinality(first_slots) = 1 THEN
        INSERT INTO owed_chunks (market_id, first_seq, last_seq, first_slot, last_slot, bets)
        VALUES (market, sequences[1], last_seq, first_slots[1], last_slots[1], closed);
    ELSIF closed > 0 THEN
        INSERT INTO owed_chunks (market_id, first_seq, last_seq, first_slot, last_slot, bets)
        SELECT market, sequences[1], last_seq, first_slot, last_slot, bets
        FROM unnest(first_slots, last_slots) AS cell (first_slot, last_slot)
        CROSS JOIN LATERAL (
            SELECT count(*) AS bets FROM bets b
            WHERE b.market_id = market AND b.seq BETWEEN sequences[1] AND last_seq AND b.state IN ('won', 'lost', 'void')
                AND slot_of(b.account_id) BETWEEN first_slot AND last_slot
        ) own
        WHERE bets > 0 ORDER BY first_slot;
    END IF;
    UPDATE markets SET close_cursor = last_seq, revision = revision + 1 WHERE market_id = market;
END
$$;

-- Settled means paid, whoever says so.
CREATE FUNCTION refuse_unpaid_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM owed_chunks WHERE market_id = NEW.market_id) THEN
        RAISE EXCEPTION 'the ledger has yet to be told how bets of market % ended', NEW.market_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER markets_end_paid BEFORE UPDATE OF state ON markets
    FOR EACH ROW WHEN (NEW.state IN ('settled', 'void') AND OLD.state <> NEW.state) EXECUTE FUNCTION refuse_unpaid_end();
