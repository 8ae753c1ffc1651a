-- Markets about whole stages. For the version before they are an admin's own: it takes bets on them and leaves their end alone. A
-- column without a default is added at once on a live database.
ALTER TABLE markets ADD COLUMN asks text CHECK (asks IS NULL OR asks IN ('champion', 'first') AND template = 'custom');

-- Their questions come by a feed of their own. What is known of each stands in matches, without teams.
INSERT INTO feed_cursors (consumer) VALUES ('questions');
