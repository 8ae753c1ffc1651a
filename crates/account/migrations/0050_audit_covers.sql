-- What the house may still pay for each market by the transfers alone: the continuous audit compares it with what is stored in
-- `system_balances.cover` (docs/adr/0031).
--
-- A new table, and columns with constant defaults: at once, on a live database. The audit then reads all transfers that are not
-- archived once, chunk by chunk within its share of the time, and has the covers' cursor apart from that of the balances, so that a
-- replica of the release before, which does not fold covers, leaves none out.
CREATE TABLE audit_covers (
    market_id uuid PRIMARY KEY,
    cover bigint NOT NULL,
    -- Folded into since it was last found equal to what is stored.
    dirty boolean NOT NULL,
    -- What is stored minus what should be, when they were compared last.
    difference bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 70);

CREATE INDEX audit_covers_dirty ON audit_covers (market_id) WHERE dirty;
CREATE INDEX audit_covers_differing ON audit_covers (market_id) WHERE difference <> 0;

ALTER TABLE audit_cursor
    ADD COLUMN cover_xid xid8 NOT NULL DEFAULT '0',
    ADD COLUMN cover_seq bigint NOT NULL DEFAULT 0;
