-- What admins did to accounts: written in the commit that does it, never changed (docs/adr/0028). A new, empty table, so it runs at
-- once on a live database. The release before goes on without it.
CREATE TABLE admin_actions (
    seq          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    action_id    uuid NOT NULL UNIQUE,
    -- Who, as the access token said.
    account_id   uuid NOT NULL,
    username     text NOT NULL,
    action       text NOT NULL CHECK (action ~ '^[a-z_]+$'),
    -- On what, where it is about one thing.
    subject_kind text CHECK (subject_kind ~ '^[a-z_]+$'),
    subject_id   uuid,
    -- What stood before and what stands since.
    before       jsonb CHECK (jsonb_typeof(before) = 'object'),
    after        jsonb CHECK (jsonb_typeof(after) = 'object'),
    why          text,
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK ((subject_kind IS NULL) = (subject_id IS NULL))
);

CREATE TRIGGER admin_actions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON admin_actions
    EXECUTE FUNCTION refuse_change();
