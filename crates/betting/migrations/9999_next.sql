-- Of a version that is to come, for the cluster's test alone: something that the version before does not know, on a table that bets write to.
ALTER TABLE markets ADD COLUMN told_next text NOT NULL DEFAULT '';
CREATE TABLE of_next (seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, market_id uuid NOT NULL REFERENCES markets);
