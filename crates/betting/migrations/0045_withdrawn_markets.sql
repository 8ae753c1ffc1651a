-- A market whose question was withdrawn because its match changed: for the version before, one that was cancelled. With a default
-- that is stored nowhere, so it runs at once on a live database.
ALTER TABLE markets ADD COLUMN withdrawn boolean NOT NULL DEFAULT false;
