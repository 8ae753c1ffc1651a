-- no-transaction
-- No two names look alike. Made beside a table in use: it waits for writers under way, and holds up none.
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS users_skeleton ON users (skeleton);
