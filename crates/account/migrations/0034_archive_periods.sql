-- What is kept of periods whose transfers and results have been taken away (docs/adr/0020). Made before that, bit by bit: a
-- period that has ended never changes. It counts from the commit on that archives the period. New, empty tables and one small
-- one, so it runs at once on a live database.
CREATE SCHEMA IF NOT EXISTS archive;

-- Where the counting of a period is, and in the end what was counted.
CREATE TABLE period_counts (
    period int PRIMARY KEY REFERENCES periods,
    -- The last transfer that is counted, by its place in the feed, and how many.
    xid xid8 NOT NULL DEFAULT '0',
    seq bigint NOT NULL DEFAULT 0,
    transfers bigint NOT NULL DEFAULT 0,
    -- The last result that is counted, in the order of the bets' ids, and how many.
    bet_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    results bigint NOT NULL DEFAULT 0,
    done boolean NOT NULL DEFAULT false
);

-- What transfers and results of a period do to accounts and system accounts.
CREATE TABLE period_sums (
    id uuid NOT NULL,
    period int NOT NULL REFERENCES period_counts,
    is_system boolean NOT NULL,
    balance bigint NOT NULL,
    staked bigint NOT NULL,
    profit bigint NOT NULL,
    PRIMARY KEY (id, period)
) WITH (fillfactor = 70);

CREATE INDEX period_sums_of_system ON period_sums (id) WHERE is_system;

-- The markets that transfers of a period belong to.
CREATE TABLE period_markets (
    period int NOT NULL REFERENCES period_counts,
    market_id uuid NOT NULL,
    PRIMARY KEY (period, market_id)
);

-- The stakes of a period that did not end in it: what ended them is in a later one.
CREATE TABLE period_stakes (
    transfer_id uuid PRIMARY KEY,
    period int NOT NULL REFERENCES period_counts,
    bet_id uuid NOT NULL,
    account_id uuid NOT NULL,
    market_id uuid NOT NULL,
    points bigint NOT NULL
);

CREATE INDEX period_stakes_of_account ON period_stakes (account_id);
CREATE INDEX period_stakes_of_period ON period_stakes (period);

-- What accounts and system accounts hold by all archived periods: audits begin with it.
CREATE VIEW opening_balances AS
SELECT id, is_system, sum(balance)::bigint AS balance, sum(staked)::bigint AS staked,
    sum(profit)::bigint AS profit
FROM period_sums JOIN periods USING (period)
WHERE archived_at IS NOT NULL
GROUP BY id, is_system;

-- Stakes of archived periods that ended in later ones.
CREATE VIEW carried_stakes AS
SELECT s.* FROM period_stakes s JOIN periods USING (period) WHERE archived_at IS NOT NULL;

-- Whether a stake has its refund, or its result with the payout that belongs to it, in `within` or (null) in any period that
-- is attached.
CREATE FUNCTION stake_has_ended(stake_id uuid, of_bet uuid, within int) RETURNS boolean
LANGUAGE sql STABLE SET enable_seqscan = off AS $$
    SELECT EXISTS (
        SELECT FROM transfers c WHERE c.closes_transfer_id = stake_id AND c.kind IN ('cancel', 'void', 'tombstone')
            AND (within IS NULL OR c.period = within)
    ) OR EXISTS (
        SELECT FROM bet_results r WHERE r.bet_id = of_bet AND (within IS NULL OR r.period = within)
            AND (r.paid = 0 OR EXISTS (
                SELECT FROM transfers p WHERE p.closes_transfer_id = stake_id AND p.kind = 'payout'
                    AND (within IS NULL OR p.period = within)
            ))
    )
$$;

-- Up to which id the audit has taken opening balances over, since it began from nothing.
ALTER TABLE audit_cursor ADD COLUMN opened uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000';

-- Takes a counted period away: from this commit on its sums stand for it. Nothing is read or written but catalogs and a few
-- rows, and nothing is dropped. Both tables are locked against everybody for that moment, which is not waited for long.
CREATE FUNCTION archive_period(chosen int) RETURNS void LANGUAGE plpgsql SET lock_timeout = '300ms' AS $$
BEGIN
    IF (SELECT coalesce(sum(balance), 0) FROM period_sums WHERE period = chosen) <> 0 THEN
        RAISE EXCEPTION 'the sums of period % do not add up to nothing', chosen;
    END IF;
    -- The parents alone: whoever uses a partition has locked them before, and a vacuum of another year is no obstacle.
    LOCK TABLE ONLY transfers, ONLY bet_results IN ACCESS EXCLUSIVE MODE;
    UPDATE periods SET archived_at = clock_timestamp() WHERE period = chosen;
    INSERT INTO archived_markets (market_id, period)
    SELECT market_id, chosen FROM period_markets WHERE period = chosen ORDER BY market_id
    ON CONFLICT (market_id) DO UPDATE SET period = EXCLUDED.period;
    EXECUTE format('ALTER TABLE transfers DETACH PARTITION transfers_%s', chosen);
    EXECUTE format('ALTER TABLE bet_results DETACH PARTITION bet_results_%s', chosen);
    EXECUTE format('ALTER TABLE transfers_%s SET SCHEMA archive', chosen);
    EXECUTE format('ALTER TABLE bet_results_%s SET SCHEMA archive', chosen);
END
$$;
