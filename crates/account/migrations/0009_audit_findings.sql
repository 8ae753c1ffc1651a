-- Which replica audits, until when it may, and up to which id accounts that nobody touched have been sampled.
-- Constant defaults: the table is not rewritten.
ALTER TABLE audit_cursor
    ADD COLUMN holder uuid,
    ADD COLUMN held_until timestamptz NOT NULL DEFAULT '-infinity',
    ADD COLUMN sampled uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000';

-- What is stored minus what should be, when they were compared last: a finding stays until it is mended, whichever
-- replica audits.
ALTER TABLE audit_balances ADD COLUMN difference bigint NOT NULL DEFAULT 0;

-- On a live table: reads it once and takes nothing in; only the audit waits for it.
CREATE INDEX audit_balances_differing ON audit_balances (id) WHERE difference <> 0;
