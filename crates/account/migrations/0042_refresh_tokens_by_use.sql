-- no-transaction
-- Used tokens are deleted after a minute, so few rows are in it. Made beside a table in use: it waits for writers under way, and
-- holds up none.
CREATE INDEX CONCURRENTLY IF NOT EXISTS refresh_tokens_by_use ON refresh_tokens (used_at) WHERE used_at IS NOT NULL;
