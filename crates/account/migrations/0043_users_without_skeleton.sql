-- no-transaction
-- Whose skeleton is to be filled in; soon nobody. Made beside a table in use: it waits for writers under way, and holds up none.
CREATE INDEX CONCURRENTLY IF NOT EXISTS users_without_skeleton ON users (account_id) WHERE skeleton IS NULL;
