-- The cover of what was applied before 0036. A transfer and its cover come in one commit since, so that what one statement finds missing
-- is exact. Only ever raised: of markets whose transfers are archived less is found than there was, and all of their bets are
-- decided and paid.
--
-- On a live table: reads the transfers once, about a second for a million, and keeps nobody from writing.
DO $$
DECLARE
    market record;
BEGIN
    FOR market IN
        SELECT t.market_id, t.cover - coalesce(s.cover, 0) AS missing
        FROM (
            SELECT market_id, sum(cover_change(kind, points))::bigint AS cover
            FROM transfers WHERE kind IN ('stake', 'correction') GROUP BY market_id
        ) t
        LEFT JOIN (
            SELECT ledger_id, sum(cover)::bigint AS cover FROM system_balances GROUP BY ledger_id
        ) s ON s.ledger_id = t.market_id
        WHERE t.cover > coalesce(s.cover, 0)
        ORDER BY t.market_id
    LOOP
        UPDATE system_balances b SET cover = b.cover + market.missing
        WHERE b.ledger_id = market.market_id
            AND b.stripe = (SELECT min(s.stripe) FROM system_balances s WHERE s.ledger_id = market.market_id);
    END LOOP;
END
$$;
