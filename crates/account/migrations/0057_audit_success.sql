-- When the continuous audit had last compared all that transfers have touched: whoever asks is told the same by every replica. Until
-- now only the one that audits knew it. A column without a default: at once, on a live database.
ALTER TABLE audit_cursor ADD COLUMN succeeded_at timestamptz;
