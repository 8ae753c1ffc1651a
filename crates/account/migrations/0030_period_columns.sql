-- The ledger is kept in periods, so that old ones can be taken away whole (docs/adr/0020). A period bears the year in which
-- it began; what begins one is an event in this table, not a clock: see write_period and begin_period.
--
-- On a live table: a constant default writes no row, and the constraint is not checked yet. Each table is locked for a moment.
-- The functions of the release before go on: what they insert is in the first period by default.
CREATE TABLE periods (
    period int PRIMARY KEY,
    began_at timestamptz NOT NULL,
    -- From then on nothing is written in it.
    ended_at timestamptz CHECK (ended_at >= began_at),
    archived_at timestamptz CHECK (archived_at IS NULL OR ended_at IS NOT NULL)
);

CREATE UNIQUE INDEX periods_one_is_current ON periods ((ended_at IS NULL)) WHERE ended_at IS NULL;

INSERT INTO periods (period, began_at)
SELECT extract(year FROM now() AT TIME ZONE 'UTC')::int,
    coalesce((SELECT created_at FROM transfers ORDER BY xid, seq LIMIT 1), now());

DO $$
DECLARE
    first CONSTANT int := (SELECT period FROM periods);
    kept text;
BEGIN
    FOREACH kept IN ARRAY ARRAY['transfers', 'bet_results'] LOOP
        EXECUTE format('ALTER TABLE %1$I ADD COLUMN period int NOT NULL DEFAULT %2$s,
            ADD CONSTRAINT %1$s_period CHECK (period = %2$s) NOT VALID', kept, first);
    END LOOP;
END
$$;
