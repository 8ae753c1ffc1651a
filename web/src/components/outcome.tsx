import { useEffect, useRef, useState } from "preact/hooks";
import type { Market, Outcome as OutcomeData } from "../api/types";
import { isSeason } from "../app/markets";
import { ownStakes } from "../app/own-bets";
import { choose, pick as picked } from "../app/slip";
import { t } from "../i18n";
import { odds, percent, points } from "../lib/format";
import { share } from "../lib/payout";
import { Badge } from "./badge";
import { type About, outcomeName, outcomeTeam } from "./market-words";

interface Props extends About {
  market: Market;
  outcome: OutcomeData;
  /** On a card the team's code will do: its name stands above. */
  short?: boolean;
}

/** Odds that show which way they moved. */
export function Odds({ value }: { value: number | null | undefined }) {
  const before = useRef(value);
  const [way, setWay] = useState("");
  useEffect(() => {
    if (value != null && before.current != null && value !== before.current) {
      setWay(value > before.current ? "up" : "down");
    }
    before.current = value;
  }, [value]);
  return (
    // The key starts the animation anew on each change.
    <span key={value} class={`value num ${way}`}>
      {odds(value)}
    </span>
  );
}

/** One answer of a market: a button while the market is open. */
export function Outcome({ market, outcome, match, candidates, short }: Props) {
  const part = share({ market: market.pool, outcome: outcome.pool }, market.outcomes.length);
  const mine = ownStakes.value.get(outcome.outcomeId);
  const team = outcomeTeam(market, outcome, { match, candidates });
  const name = short && team ? team.code : outcomeName(outcome);
  const words = t().market;
  const inside = (
    <>
      <span class="label">
        {team && isSeason(market.template) && <Badge team={team} size={26} />}
        {market.state === "open" && <span class="hidden">{words.betOn}</span>} {name}
      </span>
      <span class="hidden">{words.odds}</span>
      <Odds value={outcome.odds} />
      <span class="detail">
        {mine === undefined ? (
          market.pool === 0 ? (
            words.first
          ) : (
            `${percent(part)} · ${words.bettors(outcome.bettors)}`
          )
        ) : (
          <b class="mine">{words.mine(points(mine))}</b>
        )}
      </span>
      {market.template !== "match_winner" && (
        <i
          class="part"
          style={{ transform: `scaleX(${market.pool === 0 ? 0 : part})`, "--part": team?.colour ?? "" }}
        />
      )}
    </>
  );
  if (market.state === "open") {
    const chosen = picked.value?.outcomeId === outcome.outcomeId;
    return (
      <button
        type="button"
        class="outcome"
        aria-pressed={chosen}
        data-outcome={outcome.key}
        onClick={() =>
          choose({ matchId: market.matchId, marketId: market.marketId, outcomeId: outcome.outcomeId })
        }
      >
        {inside}
      </button>
    );
  }
  const decided = market.state === "settled" || market.state === "settling";
  const won = market.settledOutcomeId === outcome.outcomeId;
  return (
    <div class={`outcome ${decided ? (won ? "winner" : "loser") : ""}`} data-outcome={outcome.key}>
      {inside}
      {decided && won && <span class="hidden">{words.won}</span>}
    </div>
  );
}
