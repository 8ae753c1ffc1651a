//! All of a bet in one statement.

use sqlx::PgPool;

use super::{Refused, Wanted};

/// Whoever has too few points takes nothing, and no row comes back. A game or choice that cannot be had leaves a null where none
/// may be, and the statement undoes itself.
const PLACE: &str = "\
WITH taken AS (
    UPDATE accounts SET points = points - $5 WHERE account_id = $1 AND points >= $5 RETURNING account_id
), choice AS (
    UPDATE choices SET pool = pool + $5
    WHERE choice_id = $4 AND game_id = $3 AND EXISTS (SELECT FROM taken) RETURNING choice_id
), game AS (
    UPDATE games SET pool = pool + $5
    WHERE game_id = $3 AND is_open AND EXISTS (SELECT FROM choice) RETURNING game_id
)
INSERT INTO bets (account_id, idempotency_key, game_id, choice_id, stake)
SELECT taken.account_id, $2, game.game_id, choice.choice_id, $5
FROM taken LEFT JOIN choice ON true LEFT JOIN game ON true";

pub(super) async fn place(pool: &PgPool, wanted: Wanted) -> sqlx::Result<Result<(), Refused>> {
    let Wanted { account_id, key, game_id, choice_id, stake } = wanted;
    let placed = sqlx::query(PLACE)
        .bind(account_id)
        .bind(key)
        .bind(game_id)
        .bind(choice_id)
        .bind(stake)
        .execute(pool)
        .await;
    match placed {
        Ok(done) if done.rows_affected() == 1 => Ok(Ok(())),
        Ok(_) => Ok(Err(Refused::TooPoor)),
        Err(sqlx::Error::Database(error)) if error.kind() == sqlx::error::ErrorKind::NotNullViolation => {
            Ok(Err(Refused::Closed))
        }
        Err(error) => Err(error),
    }
}
