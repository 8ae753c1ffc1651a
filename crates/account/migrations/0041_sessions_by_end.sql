-- Sessions that were ended: deleted a day later, and told to whoever checks access tokens. Made while nobody logs in or refreshes: one
-- reading of the table, well below a second for a million sessions. Bets go on.
CREATE INDEX sessions_by_end ON sessions (revoked_at) WHERE revoked_at IS NOT NULL;
