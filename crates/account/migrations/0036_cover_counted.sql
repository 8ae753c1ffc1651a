-- The cover of what was applied before 0035. Markets whose transfers were archived before keep what is counted here of the rest:
-- all of their bets are decided and paid.
--
-- On a live table: reads the transfers once, about a second for a million, and keeps nobody from writing. Then changes one row for
-- each market, in the order in which batches lock them.
DO $$
DECLARE
    market record;
BEGIN
    FOR market IN
        SELECT market_id, sum(cover_change(kind, points))::bigint AS cover
        FROM transfers
        WHERE kind IN ('stake', 'correction') AND seq <= (SELECT seq FROM cover_begins)
        GROUP BY market_id
        ORDER BY market_id
    LOOP
        UPDATE system_balances b SET cover = b.cover + market.cover
        WHERE b.ledger_id = market.market_id
            AND b.stripe = (SELECT min(s.stripe) FROM system_balances s WHERE s.ledger_id = market.market_id);
    END LOOP;
END
$$;

DROP TABLE cover_begins;
