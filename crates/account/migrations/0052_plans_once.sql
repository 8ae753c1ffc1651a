-- A plan that is made anew for each batch of 128 stakes takes a quarter of the batch's time, and is the same each time: what is looked up is
-- looked up by key (docs/adr/0038). So plans are made once for each connection.
--
-- Settings only: at once, on a live database. A batch under way ends as it began.
ALTER FUNCTION apply_transfers(uuid[], transfer_kind[], uuid[], uuid[], uuid[], bigint[], bytea[], uuid[], smallint)
    SET plan_cache_mode = force_generic_plan;
ALTER FUNCTION decide_transfers(uuid[], transfer_kind[], uuid[], uuid[], uuid[], bigint[], bytea[], uuid[])
    SET plan_cache_mode = force_generic_plan;
