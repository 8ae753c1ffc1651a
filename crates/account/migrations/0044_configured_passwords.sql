-- Which passwords of the configuration were ever an admin's, so that none of them comes back (docs/adr/0028): a replica with the
-- configuration of before, started again during a roll-out, would take a password that was changed for one that has changed.
--
-- On a live table: the trigger waits for the writers of `users` (sign-ups, changed passwords) and lets the next ones in at once.
-- Bets and log-ins do not notice. It writes for the release before, too.
CREATE TABLE configured_passwords (
    account_id    uuid NOT NULL REFERENCES users,
    -- As in users.configured_hash. Salted, so what is hashed again is another row.
    password_hash text NOT NULL,
    applied_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (account_id, password_hash)
);

CREATE TRIGGER configured_passwords_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON configured_passwords
    EXECUTE FUNCTION refuse_change();

CREATE FUNCTION remember_configured_password() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO configured_passwords (account_id, password_hash) VALUES (NEW.account_id, NEW.configured_hash)
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;

CREATE TRIGGER users_remember_configured_password AFTER INSERT OR UPDATE OF configured_hash ON users
    FOR EACH ROW WHEN (NEW.configured_hash IS NOT NULL) EXECUTE FUNCTION remember_configured_password();
