-- Both indexes are made while nobody signs up: about half a second for a million users, since every skeleton is empty yet. Bets and
-- log-ins go on. Not CONCURRENTLY: that waits for every replica that waits for its turn to migrate, and what it leaves behind when one of
-- them gives up is an index that is none.

-- No two names look alike.
CREATE UNIQUE INDEX users_skeleton ON users (skeleton);
-- Whose skeleton is to be filled in; soon nobody.
CREATE INDEX users_without_skeleton ON users (account_id) WHERE skeleton IS NULL;
