//! A witness in betting's database writes down every lock and state that a market ever has. The market itself tells only its last.

use sqlx::PgPool;

const CALL: &str = r"
DO $call$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('witness'));
    IF to_regclass('witness.locks') IS NOT NULL THEN
        RETURN;
    END IF;
    CREATE SCHEMA witness;
    CREATE TABLE witness.locks (
        place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        market_id uuid NOT NULL,
        lock_at timestamptz NOT NULL,
        state text NOT NULL,
        seen_at timestamptz NOT NULL DEFAULT clock_timestamp()
    );
    CREATE FUNCTION witness.write_down() RETURNS trigger LANGUAGE plpgsql AS $write$
    BEGIN
        INSERT INTO witness.locks (market_id, lock_at, state) VALUES (NEW.market_id, NEW.lock_at, NEW.state);
        RETURN NULL;
    END
    $write$;
    CREATE TRIGGER witness AFTER INSERT OR UPDATE OF lock_at, state ON markets
    FOR EACH ROW EXECUTE FUNCTION witness.write_down();
    -- Whoever opens markets waits for the trigger. What is there already is as it was opened.
    INSERT INTO witness.locks (market_id, lock_at, state, seen_at)
    SELECT market_id, lock_at, state, created_at FROM markets;
END
$call$";

/// Has a witness from now on, if there is none yet.
pub(crate) async fn call(betting: &PgPool) {
    sqlx::raw_sql(CALL).execute(betting).await.unwrap();
}
