import { isVoid, market as find } from "../app/markets";
import { pick, t } from "../i18n";
import { points } from "../lib/format";
import { type About, voidWords } from "./market-words";
import { Outcome } from "./outcome";
import { PoolBar } from "./pool-bar";

interface Props extends About {
  id: string;
  /** On a card the question goes without saying. */
  bare?: boolean;
}

export function MarketState({ state }: { state: keyof ReturnType<typeof t>["market"]["state"] }) {
  const tone = state === "open" ? "good" : "";
  return <span class={`tag ${tone}`}>{t().market.state[state]}</span>;
}

/** A market as it is now, with its answers. */
export function Market({ id, match, candidates, bare }: Props) {
  const market = find(id)?.value;
  if (!market) return null;
  const two = market.outcomes.length === 2;
  const top = market.outcomes.reduce<(typeof market.outcomes)[number]["topBettor"]>(
    (best, { topBettor }) => (topBettor && topBettor.stake > (best?.stake ?? 0) ? topBettor : best),
    null,
  );
  // What was voided may ask the same as what stands, and is told apart.
  const label = isVoid(market)
    ? `${pick(market.question)} (${t().market.state[market.state]})`
    : pick(market.question);
  return (
    <section class="market" aria-label={label} data-market={market.template}>
      {!bare && (
        <div class="market-head">
          <h3>{pick(market.question)}</h3>
          <MarketState state={market.state} />
          <span class="end small muted num">
            {t().market.pool} {points(market.pool)}
            <span class="unit">{t().app.unit}</span>
          </span>
        </div>
      )}
      <div class={two ? "outcomes two" : "outcomes"}>
        {market.outcomes.map((outcome) => (
          <Outcome
            key={outcome.outcomeId}
            market={market}
            outcome={outcome}
            match={match}
            candidates={candidates}
            short={bare === true}
          />
        ))}
      </div>
      {two && market.template === "match_winner" && <PoolBar market={market} match={match} />}
      {market.state === "void" && <p class="small muted">{voidWords(market)}</p>}
      {!bare && (
        <p class="small muted">
          {top ? t().market.top(top.username ?? t().market.someone, points(top.stake)) : t().market.noTop}
        </p>
      )}
    </section>
  );
}

/** Takes the place of a card's market until it is known. */
export function MarketGhost() {
  return (
    <div class="market" aria-hidden="true">
      <div class="outcomes two">
        <div class="outcome skeleton" />
        <div class="outcome skeleton" />
      </div>
      <div class="pool-bar unfed" />
    </div>
  );
}
