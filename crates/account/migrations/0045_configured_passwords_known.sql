-- The passwords that were applied before 0044. On a live table: reads `users` once, about a second for a million, and keeps nobody
-- from writing.
INSERT INTO configured_passwords (account_id, password_hash)
SELECT account_id, configured_hash FROM users WHERE configured_hash IS NOT NULL
ON CONFLICT DO NOTHING;
