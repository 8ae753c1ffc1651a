-- Several cells of the ledger (docs/adr/0041): a cursor for the feed of each, and whether they have cleared a market.
--
-- New columns without a default, a function and a few rows: at once, on a live database. With one cell none is used.
ALTER TABLE markets ADD COLUMN cleared_at timestamptz;
ALTER TABLE corrections ADD COLUMN cleared_at timestamptz;

-- The first cell's stands under `ledger`.
INSERT INTO feed_cursors (consumer) SELECT 'ledger_' || cell FROM generate_series(1, 63) AS cells (cell);

-- The slot that an account's id tells; 0 where it tells none.
CREATE FUNCTION slot_of(id uuid) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN substr(id::text, 15, 1) = '8' THEN ('x' || lpad(substr(id::text, 16, 3), 8, '0'))::bit(32)::int ELSE 0 END;
