-- The stages of a tournament as a season file says them; without any they are read off its matches. A column without a default is
-- added at once on a live database. The release before neither reads nor writes it.
ALTER TABLE tournaments ADD COLUMN stages jsonb CHECK (jsonb_typeof(stages) = 'array');
