import { t } from "../i18n";
import { percent } from "../lib/format";
import { share } from "../lib/payout";
import type { Market, Match } from "../api/types";
import { outcomeName, outcomeTeam } from "./market-words";

/** The two sides of a market's pool. Only transforms move, so nothing is laid out anew. */
export function PoolBar({ market, match }: { market: Market; match: Match | undefined }) {
  const [first, second] = market.outcomes;
  if (!first || !second) return null;
  const part = share({ market: market.pool, outcome: first.pool }, 2);
  const said = `${outcomeName(first)} ${percent(part)}, ${outcomeName(second)} ${percent(1 - part)}`;
  const colour = (outcome: typeof first): string => outcomeTeam(market, outcome, { match })?.colour ?? "";
  return (
    <div
      class={market.pool === 0 ? "pool-bar unfed" : "pool-bar"}
      style={{ "--t1": colour(first), "--t2": colour(second) }}
      role="img"
      aria-label={t().market.poolBar(said)}
    >
      <i class="first" style={{ transform: `scaleX(${part})` }} />
      <i class="gap" style={{ transform: `translateX(${part * 100}%)` }} />
    </div>
  );
}
