import type { PlacedBet } from "../../api/types";
import { contestPath } from "../../app/markets";
import { outcomeName } from "../../components/market-words";
import { Moment } from "../../components/moment";
import { pick, t } from "../../i18n";
import { points, signed } from "../../lib/format";
import { net } from "./data";

const TONES = { won: "good", lost: "bad" } as const;

function Row({ bet }: { bet: PlacedBet }) {
  const words = t().bets;
  const outcome = bet.market.outcomes.find((one) => one.outcomeId === bet.outcomeId);
  const decided = bet.state === "won" || bet.state === "lost";
  const gain = net(bet);
  return (
    <tr>
      <td class="when">
        <Moment iso={bet.closedAt ?? bet.placedAt} style="dateTime" />
      </td>
      <th scope="row" class="history-what">
        <span class="small muted">
          <a href={contestPath(bet.matchId, bet.market.template)}>{pick(bet.market.question)}</a>
        </span>
        <b>{outcome ? outcomeName(outcome) : ""}</b>
      </th>
      <td>
        <span class={`tag ${decided ? TONES[bet.state as keyof typeof TONES] : ""}`}>
          {words.state[bet.state]}
        </span>
      </td>
      <td class="end num">{points(bet.stake)}</td>
      <td class="end num">
        {points(bet.returned)}
        {!decided && <span class="small muted"> {words.refunded}</span>}
      </td>
      <td class={`end num ${gain > 0 ? "good" : gain < 0 ? "bad" : "muted"}`}>
        {decided ? signed(gain) : "–"}
      </td>
    </tr>
  );
}

/** Closed bets with what they brought, net of the stake. */
export function History({ bets }: { bets: readonly PlacedBet[] }) {
  const words = t().bets;
  return (
    <div class="panel table-wrap" tabIndex={0} role="region" aria-label={words.history}>
      <table class="table">
        <thead>
          <tr>
            <th scope="col">{words.when}</th>
            <th scope="col">{words.pick}</th>
            <th scope="col">{words.result}</th>
            <th scope="col" class="end">
              {words.stake}
            </th>
            <th scope="col" class="end">
              {words.returned}
            </th>
            <th scope="col" class="end">
              {words.net}
            </th>
          </tr>
        </thead>
        <tbody>
          {bets.map((bet) => (
            <Row key={bet.betId} bet={bet} />
          ))}
        </tbody>
      </table>
    </div>
  );
}
