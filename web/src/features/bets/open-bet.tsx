import { useComputed } from "@preact/signals";
import { useState } from "preact/hooks";
import { api, data } from "../../api/client";
import type { Bet } from "../../api/types";
import { now } from "../../app/clock";
import { contestPath, market as find } from "../../app/markets";
import { notify } from "../../app/notices";
import { applyBet } from "../../app/own-bets";
import { inWords } from "../../app/refusals";
import { awaitCredit } from "../../app/session";
import { Countdown } from "../../components/countdown";
import { outcomeName } from "../../components/market-words";
import { MarketState } from "../../components/market";
import { Odds } from "../../components/outcome";
import { pick, t } from "../../i18n";
import { points } from "../../lib/format";
import { expected } from "../../lib/payout";

function Cancel({ bet, until, what }: { bet: Bet; until: string; what: string }) {
  const words = t().bets;
  const [working, setWorking] = useState(false);
  const end = Date.parse(until);
  const late = useComputed(() => now.value >= end).value;
  const cancel = async (): Promise<void> => {
    setWorking(true);
    try {
      const params = { path: { betId: bet.betId } };
      const cancelled = await data(api.DELETE("/api/betting/bets/{betId}", { params }));
      applyBet(cancelled);
      notify("plain", t().notice.cancelled, t().notice.cancelledText(points(bet.stake)));
      void awaitCredit(cancelled);
    } catch (error) {
      notify("bad", inWords(error), "");
    } finally {
      setWorking(false);
    }
  };
  if (late) return <span class="small muted">{words.cancelClosed}</span>;
  return (
    <button type="button" class="button small" disabled={working} onClick={cancel}>
      <span class="hidden">{what}</span>
      {working ? words.cancelling : words.cancel}{" "}
      <span class="muted">
        <Countdown until={until} bare />
      </span>
    </button>
  );
}

/** An open bet with its present odds. */
export function OpenBet({ bet }: { bet: Bet }) {
  const words = t().bets;
  const market = find(bet.marketId)?.value;
  const outcome = market?.outcomes.find((one) => one.outcomeId === bet.outcomeId);
  const payout =
    market && outcome ? expected({ market: market.pool, outcome: outcome.pool }, bet.stake) : null;
  const what = outcome ? outcomeName(outcome) : "";
  return (
    <li class="panel bet" data-bet={bet.betId}>
      <div class="bet-what">
        <span class="small muted">
          <a href={contestPath(bet.matchId, market?.template)}>{market ? pick(market.question) : "…"}</a>
        </span>
        <b class="bet-pick">{what}</b>
      </div>
      <dl class="bet-facts">
        <div>
          <dt>{words.stake}</dt>
          <dd class="num">{points(bet.stake)}</dd>
        </div>
        <div>
          <dt>{words.odds}</dt>
          <dd>
            <Odds value={outcome?.odds} />
          </dd>
        </div>
        <div>
          <dt>{words.payout}</dt>
          <dd class="num strong">{payout === null ? "–" : points(payout)}</dd>
        </div>
      </dl>
      <div class="bet-end">
        {market && market.state !== "open" && <MarketState state={market.state} />}
        {market?.state === "open" && <Cancel bet={bet} until={market.cancelUntil} what={what} />}
      </div>
    </li>
  );
}
