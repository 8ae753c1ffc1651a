-- no-transaction
-- Sessions that were ended: deleted a day later, and told to whoever checks access tokens. Made beside a table in use: it waits for
-- writers under way, and holds up none.
CREATE INDEX CONCURRENTLY IF NOT EXISTS sessions_by_end ON sessions (revoked_at) WHERE revoked_at IS NOT NULL;
