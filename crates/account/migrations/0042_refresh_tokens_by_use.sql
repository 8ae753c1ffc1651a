-- Used tokens are deleted after a minute, so few rows are in it for long. Made while nobody logs in or refreshes: one reading of the table.
-- Where each session still has a day's used tokens that is a second for some millions of them. Bets go on.
CREATE INDEX refresh_tokens_by_use ON refresh_tokens (used_at) WHERE used_at IS NOT NULL;
