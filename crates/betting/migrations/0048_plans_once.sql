-- A plan that is made anew for each batch takes as long as recording twenty bets, and is the same each time: what is looked up is looked up by
-- key (docs/adr/0038). So plans are made once for each connection.
--
-- A setting only: at once, on a live database. A batch under way ends as it began.
ALTER FUNCTION record_new_bets(uuid[], uuid[], uuid[], uuid[], int[], bigint[], bytea[], bigint[], bigint[], int)
    SET plan_cache_mode = force_generic_plan;
