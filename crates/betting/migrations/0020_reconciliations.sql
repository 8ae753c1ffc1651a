-- What a person corrected (`loljoa admin reconcile`): written in the commit of the correction, never changed. A new, empty
-- table, so it runs at once on a live database.
CREATE TABLE reconciliations (
    seq           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- Follows from the action and its subject.
    correction_id uuid NOT NULL,
    action        text NOT NULL,
    subject       uuid NOT NULL,
    detail        text NOT NULL,
    who           text NOT NULL,
    why           text NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE INDEX reconciliations_of_subject ON reconciliations (subject);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER reconciliations_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON reconciliations
    EXECUTE FUNCTION refuse_change();
