-- Each column is empty for all who are there, so nothing is rewritten. The release before leaves them empty, too.
ALTER TABLE users
    -- Since when the account is kept out.
    ADD COLUMN disabled_at timestamptz,
    -- The hash of the password that configuration had when it was last applied. Only the admin of the configuration has one.
    ADD COLUMN configured_hash text,
    -- What the name looks like. The service fills it in where it is empty. Two names of before there were skeletons may look
    -- alike; then one of them has its id behind it.
    ADD COLUMN skeleton text;
