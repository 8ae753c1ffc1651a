//! Markets with their outcomes.

use chrono::{DateTime, Utc};
use loljoa_service_kit::{AccountId, Cell, MarketId, MatchId, OutcomeId, Points};
use sqlx::{PgConnection, PgExecutor};

use crate::domain::{
    Market, MarketState, Outcome, Template, VoidReason, market::TopBettor, template::MarketDraft,
};

/// Opens a market, unless it is there. Answers whether it was opened.
pub(crate) async fn open(
    db: &mut PgConnection,
    match_id: MatchId,
    lock_at: DateTime<Utc>,
    draft: &MarketDraft,
) -> Result<bool, sqlx::Error> {
    let (template, asks) = stored(draft.template);
    let inserted = sqlx::query!(
        "INSERT INTO markets (market_id, match_id, template, asks, question_en, question_ko, lock_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (market_id) DO NOTHING",
        draft.market_id as MarketId,
        match_id as MatchId,
        template as Template,
        asks as Option<Template>,
        draft.question_en,
        draft.question_ko,
        lock_at,
    )
    .execute(&mut *db)
    .await?;
    if inserted.rows_affected() == 0 {
        return Ok(false);
    }
    for (outcome, ordinal) in draft.outcomes.iter().zip(0_i32..) {
        sqlx::query!(
            "INSERT INTO outcomes (outcome_id, market_id, ordinal, key, label_en, label_ko)
             VALUES ($1, $2, $3, $4, $5, $6)",
            outcome.outcome_id as OutcomeId,
            draft.market_id as MarketId,
            ordinal,
            outcome.key,
            outcome.label_en,
            outcome.label_ko,
        )
        .execute(&mut *db)
        .await?;
    }
    Ok(true)
}

/// How a template is stored. What asks about a whole stage is an admin's own for the version before, which does not know it.
const fn stored(template: Template) -> (Template, Option<Template>) {
    match template {
        Template::Champion | Template::First => (Template::Custom, Some(template)),
        Template::MatchWinner | Template::ExactScore | Template::TotalSets | Template::Custom => {
            (template, None)
        }
    }
}

/// Locks these markets in the order of their ids and reads them.
pub(crate) async fn hold(db: &mut PgConnection, ids: &[MarketId]) -> Result<Vec<Market>, sqlx::Error> {
    sqlx::query!(
        "SELECT 1 AS held FROM markets WHERE market_id = ANY ($1) ORDER BY market_id FOR NO KEY UPDATE",
        ids as &[MarketId],
    )
    .fetch_all(&mut *db)
    .await?;
    load(db, ids).await
}

/// Locks all markets of a match in the order of their ids and reads them.
pub(crate) async fn hold_of_match(
    db: &mut PgConnection,
    match_id: MatchId,
) -> Result<Vec<Market>, sqlx::Error> {
    let ids = ids_of(&mut *db, &[match_id]).await?;
    hold(db, &ids).await
}

/// Ids of all markets of these matches.
pub(crate) async fn ids_of(
    db: impl PgExecutor<'_>,
    matches: &[MatchId],
) -> Result<Vec<MarketId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT market_id AS "id: MarketId" FROM markets WHERE match_id = ANY ($1)"#,
        matches as &[MatchId],
    )
    .fetch_all(db)
    .await
}

struct Row {
    market_id: MarketId,
    match_id: MatchId,
    template: Template,
    question_en: String,
    question_ko: String,
    state: MarketState,
    opened_at: DateTime<Utc>,
    lock_at: DateTime<Utc>,
    pool: Points,
    decided_outcome_id: Option<OutcomeId>,
    settled_outcome_id: Option<OutcomeId>,
    void_reason: Option<VoidReason>,
    revision: i64,
    outcome_id: OutcomeId,
    key: String,
    label_en: String,
    label_ko: String,
    outcome_pool: Points,
    bettors: i64,
    top_account_id: Option<AccountId>,
    top_stake: Points,
    read_at: DateTime<Utc>,
}

/// Reads markets as they are at one instant, by id; ids that do not exist are left out.
pub(crate) async fn load(db: impl PgExecutor<'_>, ids: &[MarketId]) -> Result<Vec<Market>, sqlx::Error> {
    Ok(load_timed(db, ids).await?.into_iter().map(|(market, _)| market).collect())
}

/// Like [`load`], each with the database's time right after that instant.
pub(crate) async fn load_timed(
    db: impl PgExecutor<'_>,
    ids: &[MarketId],
) -> Result<Vec<(Market, DateTime<Utc>)>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT m.market_id AS "market_id: _", m.match_id AS "match_id: _", coalesce(m.asks, m.template) AS "template!: _",
            m.question_en, m.question_ko, m.state AS "state: _", m.created_at AS opened_at, m.lock_at, m.pool AS "pool: _",
            m.decided_outcome_id AS "decided_outcome_id: _", m.settled_outcome_id AS "settled_outcome_id: _", 
            CASE WHEN m.withdrawn THEN 'match_changed' ELSE m.void_reason END AS "void_reason: _", m.revision,
            o.outcome_id AS "outcome_id: _", o.key, o.label_en, o.label_ko, o.pool AS "outcome_pool: _", o.bettors,
            o.top_account_id AS "top_account_id: _", o.top_stake AS "top_stake: _",
            (SELECT clock_timestamp()) AS "read_at!"
        -- How many ids there are is hidden from the planner, so that it makes one plan for good: making one takes several times
        -- as long as reading. LIMIT has it use the indexes even when the tables are empty at that time.
        FROM (SELECT DISTINCT id FROM unnest((SELECT $1::uuid[])) AS i (id)) AS asked
        CROSS JOIN LATERAL (SELECT * FROM markets WHERE market_id = asked.id LIMIT 1) m
        CROSS JOIN LATERAL (SELECT * FROM outcomes WHERE market_id = m.market_id OFFSET 0) o
        ORDER BY m.market_id, o.ordinal"#,
        ids as &[MarketId],
    )
    .fetch_all(db)
    .await?;
    Ok(group(rows))
}

fn group(rows: Vec<Row>) -> Vec<(Market, DateTime<Utc>)> {
    let mut markets: Vec<(Market, DateTime<Utc>)> = Vec::new();
    for mut row in rows {
        let (outcome, read_at) = (outcome(&mut row), row.read_at);
        match markets.last_mut() {
            Some((market, _)) if market.market_id == row.market_id => market.outcomes.push(outcome),
            _ => markets.push((market(row, outcome), read_at)),
        }
    }
    markets
}

fn outcome(row: &mut Row) -> Outcome {
    Outcome {
        outcome_id: row.outcome_id,
        key: std::mem::take(&mut row.key),
        label_en: std::mem::take(&mut row.label_en),
        label_ko: std::mem::take(&mut row.label_ko),
        pool: row.outcome_pool,
        bettors: row.bettors,
        top: row.top_account_id.map(|account_id| TopBettor { account_id, stake: row.top_stake }),
    }
}

fn market(row: Row, first: Outcome) -> Market {
    Market {
        market_id: row.market_id,
        match_id: row.match_id,
        template: row.template,
        question_en: row.question_en,
        question_ko: row.question_ko,
        state: row.state,
        opened_at: row.opened_at,
        lock_at: row.lock_at,
        pool: row.pool,
        decided_outcome_id: row.decided_outcome_id,
        settled_outcome_id: row.settled_outcome_id,
        void_reason: row.void_reason,
        revision: row.revision,
        outcomes: vec![first],
    }
}

/// A place in the list of markets.
pub(crate) type ListPosition = (DateTime<Utc>, MarketId);

/// Ids of the markets of these matches, or with none given of all that are not settled or void, by lock and id.
pub(crate) async fn list(
    db: impl PgExecutor<'_>,
    matches: &[MatchId],
    after: Option<ListPosition>,
    limit: i64,
) -> Result<Vec<ListPosition>, sqlx::Error> {
    let (lock_at, id) = after.unzip();
    let rows = sqlx::query!(
        r#"SELECT lock_at, market_id AS "market_id: MarketId" FROM markets
        WHERE CASE WHEN cardinality($1::uuid[]) = 0 THEN state NOT IN ('settled', 'void')
              ELSE match_id = ANY ($1) END
            AND ($2::timestamptz IS NULL OR (lock_at, market_id) > ($2, $3))
        ORDER BY lock_at, market_id LIMIT $4"#,
        matches as &[MatchId],
        lock_at,
        id as Option<MarketId>,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.lock_at, row.market_id)).collect())
}

/// Ids and revisions of the markets that can still change, or have closed within the last minute.
pub(crate) async fn live_revisions(db: impl PgExecutor<'_>) -> Result<Vec<(MarketId, i64)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT market_id AS "market_id!: MarketId", revision AS "revision!" FROM markets
        WHERE state NOT IN ('settled', 'void')
        UNION ALL
        SELECT market_id, revision FROM markets WHERE closed_at > clock_timestamp() - interval '1 minute'"#,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.market_id, row.revision)).collect())
}

/// Moves a market's lock. The caller holds the market, which is open or locked, and not decided.
pub(crate) async fn move_lock(
    db: &mut PgConnection,
    id: MarketId,
    lock_at: DateTime<Utc>,
    state: MarketState,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE markets SET lock_at = $2, state = $3, revision = revision + 1
         WHERE market_id = $1 AND state IN ('open', 'locked') AND decided_outcome_id IS NULL",
        id as MarketId,
        lock_at,
        state as MarketState,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Locks every open market whose time has come, and answers which. Markets that are held now are left for next time.
pub(crate) async fn lock_due(db: impl PgExecutor<'_>) -> Result<Vec<MarketId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"WITH due AS (
            SELECT market_id FROM markets WHERE state = 'open' AND lock_at <= clock_timestamp()
            ORDER BY market_id FOR NO KEY UPDATE SKIP LOCKED
        )
        UPDATE markets SET state = 'locked', revision = revision + 1
        WHERE market_id IN (SELECT market_id FROM due)
        RETURNING market_id AS "market_id: MarketId""#,
    )
    .fetch_all(db)
    .await
}

/// One of these markets that does not exist.
pub(crate) async fn missing(
    db: impl PgExecutor<'_>,
    ids: &[MarketId],
) -> Result<Option<MarketId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT id AS "market!: MarketId" FROM unnest($1::uuid[]) AS asked (id)
        WHERE NOT EXISTS (SELECT FROM markets WHERE market_id = asked.id) LIMIT 1"#,
        ids as &[MarketId],
    )
    .fetch_optional(db)
    .await
}

/// A market whose id does not tell one of the cell's slots.
pub(crate) async fn stranger(db: impl PgExecutor<'_>, cell: Cell) -> Result<Option<MarketId>, sqlx::Error> {
    let [first, last] = cell.id_group();
    sqlx::query_scalar!(
        r#"SELECT market_id AS "market: MarketId" FROM markets
        WHERE substr(market_id::text, 15, 4) COLLATE "C" NOT BETWEEN $1 AND $2 LIMIT 1"#,
        first,
        last,
    )
    .fetch_optional(db)
    .await
}
