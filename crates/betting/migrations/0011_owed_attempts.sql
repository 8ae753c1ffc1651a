-- What the ledger does not take is tried again later and later; `leased_until` is also the time of the next attempt.
ALTER TABLE owed ADD COLUMN attempts int NOT NULL DEFAULT 0;

-- Stakes that go back come before what was won, then the oldest first.
CREATE FUNCTION owed_priority(kind text) RETURNS int
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN kind IN ('cancel', 'tombstone') THEN 0 ELSE 1 END;

-- The table holds only what is not delivered yet. Where that is a million rows, building this index keeps new closings
-- waiting for about a second.
CREATE INDEX owed_due ON owed (owed_priority(kind), created_at) WHERE NOT parked;
