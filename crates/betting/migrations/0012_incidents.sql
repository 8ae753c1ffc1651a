-- An incident is open until a person resolves it with a note, and opens again when it occurs again. What was there before
-- is open.
ALTER TABLE incidents
    ADD COLUMN is_open     boolean NOT NULL DEFAULT true,
    -- How often it was opened, or raised while it was open.
    ADD COLUMN occurrences bigint NOT NULL DEFAULT 1 CHECK (occurrences > 0),
    ADD COLUMN occurred_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- The last time that it was resolved; kept when it opens again.
    ADD COLUMN resolved_at timestamptz,
    ADD COLUMN resolved_by text,
    ADD COLUMN note        text,
    ADD CONSTRAINT incidents_resolved CHECK (
        (resolved_at IS NULL) = (resolved_by IS NULL) AND (resolved_at IS NULL) = (note IS NULL)
        AND (is_open OR resolved_at IS NOT NULL)
    );

UPDATE incidents SET occurred_at = created_at;

-- Which kinds there are is the code's to say.
ALTER TABLE incidents DROP CONSTRAINT incidents_kind_check;
ALTER TABLE incidents ADD CONSTRAINT incidents_kind_check CHECK (kind ~ '^[a-z_]+$');

CREATE INDEX incidents_open ON incidents (kind, seq) WHERE is_open;
