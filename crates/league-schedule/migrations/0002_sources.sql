-- What the sources remember between runs and between replicas.

-- One replica at a time drives a source: the one whose lease has not run out.
CREATE TABLE leases (
    name text PRIMARY KEY,
    holder uuid NOT NULL,
    expires_at timestamptz NOT NULL
) WITH (fillfactor = 50);

-- Where to read on in the live feed; the empty token is the page around today.
CREATE TABLE live_positions (
    league text PRIMARY KEY,
    page_token text NOT NULL
);
