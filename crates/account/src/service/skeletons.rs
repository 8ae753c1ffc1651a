//! Giving names of before there were skeletons theirs.

use std::time::Duration;

use sqlx::PgPool;
use tokio::time;

use crate::{domain::skeleton, store::skeletons};

/// Names that are read at once; each is written by itself.
const CHUNK: i64 = 500;
const BREATH: Duration = Duration::from_millis(20);

/// Fills in what is missing. Replicas that do so at once do the same.
pub(super) async fn fill_in(pool: &PgPool) -> sqlx::Result<()> {
    loop {
        let names = skeletons::missing(pool, CHUNK).await?;
        if names.is_empty() {
            return Ok(());
        }
        for (account, name) in names {
            let looks = skeleton::of(&name);
            let apart = skeleton::apart(&looks, account);
            let set = skeletons::set(pool, account, &looks, &apart).await;
            if set.as_ref().is_err_and(is_taken) {
                // Somebody was faster with a name that looks the same.
                skeletons::set(pool, account, &apart, &apart).await?;
            } else {
                set?;
            }
        }
        time::sleep(BREATH).await;
    }
}

fn is_taken(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[sqlx::test]
    async fn all_who_are_there_keep_their_names_and_no_more_join_them(pool: PgPool) {
        sqlx::raw_sql(
            "INSERT INTO users SELECT gen_random_uuid(), name, lower(name), '', 'user', now()
            FROM unnest(ARRAY['Faker', 'FaIker', 'falker', 'T1_0wner']) name;
            INSERT INTO users SELECT gen_random_uuid(), 'user_' || n, 'user_' || n, '', 'user', now()
            FROM generate_series(1, 1200) n",
        )
        .execute(&pool)
        .await
        .unwrap();
        let (one, two) = tokio::join!(fill_in(&pool), fill_in(&pool));
        one.and(two).unwrap();
        let (names, filled_in, apart): (i64, i64, i64) = sqlx::query_as(
            "SELECT count(*), count(skeleton), count(*) FILTER (WHERE skeleton LIKE '%#%') FROM users",
        )
        .fetch_one(&pool)
        .await
        .unwrap();
        assert_eq!((names, filled_in, apart), (1_204, 1_204, 1), "of FaIker and falker one stands apart");
        for (skeleton, key) in [(skeleton::of("faIker"), "somebody"), (skeleton::of("tl_owner"), "tl_owner")]
        {
            assert!(skeletons::is_taken(&pool, &skeleton, key).await.unwrap(), "{skeleton}");
        }
    }
}
