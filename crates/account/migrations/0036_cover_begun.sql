-- Batches that waited while 0035 replaced the function go on with the one before, which counts no cover. Whoever has the period's
-- lock after them knows that they have ended, and that all that come are counted; 0037 counts what is missing then.
--
-- On a live table: waits for the batches under way, and holds new ones up for no longer than that; `migrate` gives up after 3 s and
-- comes again.
SELECT pg_advisory_xact_lock(period_lock());
