-- How far transfers have been folded into audit_balances: all up to this place of the feed.
CREATE TABLE audit_cursor (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    xid xid8 NOT NULL,
    seq bigint NOT NULL
);

INSERT INTO audit_cursor (xid, seq) VALUES ('0', 0);

-- What accounts and system accounts should hold by the transfers alone.
CREATE TABLE audit_balances (
    id uuid PRIMARY KEY,
    balance bigint NOT NULL,
    -- Folded into since it was last found equal to what is stored.
    dirty boolean NOT NULL
) WITH (fillfactor = 70);

CREATE INDEX audit_balances_dirty ON audit_balances (id) WHERE dirty;
