-- A market that is settled over several cells of the ledger is cleared first: where winners are owed more than was staked in a cell,
-- its pool gets the difference from the cell's clearing account, and where they are owed less, that goes the other way
-- (docs/adr/0041). Over all cells clearing accounts sum to zero once every market is cleared; in each the books do at every commit.
--
-- A new, empty table, and triggers that are made anew: at once, on a live database; writers wait for the moment that it takes.

-- The system account that stands for the other cells.
CREATE FUNCTION clearing() RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '00000000-0000-0000-0000-000000000002'::uuid;

-- What was cleared, once for each market and purpose. Not among the transfers: no account is concerned.
CREATE TABLE clearings (
    market_id uuid NOT NULL,
    purpose text NOT NULL CHECK (purpose IN ('settlement', 'correction')),
    -- What the pool got from the clearing account; below zero, what it gave.
    points bigint NOT NULL,
    -- By how much more, or less, the house may pay for the market here.
    cover bigint NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (market_id, purpose)
);

CREATE TRIGGER clearings_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON clearings
    EXECUTE FUNCTION refuse_change();

-- Both sides of what was cleared.
CREATE VIEW cleared AS
SELECT market_id AS ledger_id, points, cover FROM clearings
UNION ALL
SELECT clearing(), -points, 0 FROM clearings;

-- The clearing account may be below zero.
DROP TRIGGER system_balances_begun_overdrawn ON system_balances;
DROP TRIGGER system_balances_overdrawn ON system_balances;
CREATE TRIGGER system_balances_begun_overdrawn AFTER INSERT ON system_balances
    FOR EACH ROW WHEN (NEW.ledger_id NOT IN (house(), clearing()) AND (NEW.balance < 0 OR NEW.cover < 0))
    EXECUTE FUNCTION refuse_overdraft();
CREATE TRIGGER system_balances_overdrawn AFTER UPDATE ON system_balances
    FOR EACH ROW WHEN (NEW.ledger_id NOT IN (house(), clearing()) AND (NEW.balance < OLD.balance OR NEW.cover < OLD.cover))
    EXECUTE FUNCTION refuse_overdraft();

-- Clears a market once; the same again changes nothing. Locks pools, then system balances by id, as `apply_transfers` does.
CREATE FUNCTION clear_market(of_market uuid, for_purpose text, moved bigint, covered bigint, chosen_stripe smallint)
RETURNS transfer_outcome LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    known clearings;
    held record;
BEGIN
    PERFORM lock_pools(ARRAY[of_market]);
    SELECT * INTO known FROM clearings WHERE market_id = of_market AND purpose = for_purpose;
    IF FOUND THEN
        RETURN CASE WHEN (known.points, known.cover) = (moved, covered) THEN 'already_applied' ELSE 'conflict' END;
    END IF;
    SELECT coalesce(sum(balance), 0) AS balance, coalesce(sum(cover), 0) AS cover INTO held
    FROM system_balances WHERE ledger_id = of_market;
    IF held.balance + moved < 0 OR held.cover + covered < 0 THEN
        RETURN 'insufficient_points';
    END IF;
    INSERT INTO clearings (market_id, purpose, points, cover, created_at)
    VALUES (of_market, for_purpose, moved, covered, clock_timestamp());
    INSERT INTO system_balances (ledger_id, stripe, balance, cover)
    SELECT * FROM (VALUES (clearing(), chosen_stripe, -moved, 0::bigint), (of_market, chosen_stripe, moved, covered))
        AS sides (ledger_id, stripe, balance, cover)
    ORDER BY ledger_id
    ON CONFLICT (ledger_id, stripe) DO UPDATE
    SET balance = system_balances.balance + EXCLUDED.balance, cover = system_balances.cover + EXCLUDED.cover;
    RETURN 'applied';
END
$$;
