//! The transaction of 2022.

use loljoa_service_kit::postgres;
use sqlx::PgPool;

use super::{Refused, Wanted};

pub(super) async fn place(pool: &PgPool, wanted: Wanted) -> sqlx::Result<Result<(), Refused>> {
    let Wanted { account_id, key, game_id, choice_id, stake } = wanted;
    let mut transaction = postgres::begin(pool).await?;
    let choice: Option<i64> =
        sqlx::query_scalar("SELECT pool FROM choices WHERE choice_id = $1 AND game_id = $2 FOR UPDATE")
            .bind(choice_id)
            .bind(game_id)
            .fetch_optional(&mut *transaction)
            .await?;
    let points: Option<i64> =
        sqlx::query_scalar("SELECT points FROM accounts WHERE account_id = $1 FOR UPDATE")
            .bind(account_id)
            .fetch_optional(&mut *transaction)
            .await?;
    let is_open: Option<bool> = sqlx::query_scalar("SELECT is_open FROM games WHERE game_id = $1 FOR UPDATE")
        .bind(game_id)
        .fetch_optional(&mut *transaction)
        .await?;
    let (Some(_), Some(points), Some(is_open)) = (choice, points, is_open) else {
        return Ok(Err(Refused::NotThere));
    };
    if !is_open {
        return Ok(Err(Refused::Closed));
    }
    if points < stake {
        return Ok(Err(Refused::TooPoor));
    }
    for (update, id) in [
        ("UPDATE choices SET pool = pool + $2 WHERE choice_id = $1", choice_id),
        ("UPDATE accounts SET points = points - $2 WHERE account_id = $1", account_id),
        ("UPDATE games SET pool = pool + $2 WHERE game_id = $1", game_id),
    ] {
        sqlx::query(update).bind(id).bind(stake).execute(&mut *transaction).await?;
    }
    sqlx::query(
        "INSERT INTO bets (account_id, idempotency_key, game_id, choice_id, stake) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(account_id)
    .bind(key)
    .bind(game_id)
    .bind(choice_id)
    .bind(stake)
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(Ok(()))
}
