import type { Match } from "../api/types";
import { isVoid, market, marketIds } from "../app/markets";
import { t } from "../i18n";
import { points } from "../lib/format";
import { Countdown } from "./countdown";
import { Market, MarketGhost } from "./market";
import { MatchTag, Score, Side, matchName } from "./match-parts";
import { Moment } from "./moment";

function MainMarket({ match }: { match: Match }) {
  const ids = marketIds(match.matchId).value;
  const main = ids.find((id) => market(id)?.value.template === "match_winner");
  if (main !== undefined) return <Market id={main} match={match} bare />;
  if (!match.team1 || !match.team2) return <p class="muted small">{t().match.noMarketsYet}</p>;
  return <MarketGhost />;
}

function Foot({ match }: { match: Match }) {
  const ids = marketIds(match.matchId).value;
  const standing = ids.flatMap((id) => market(id)?.value ?? []).filter((one) => !isVoid(one));
  const pool = standing.reduce((sum, one) => sum + one.pool, 0);
  const words = t().match;
  return (
    <div class="match-foot">
      <span>
        {words.pool} <b class="num">{points(pool)}</b>
        <span class="unit">{t().app.unit}</span>
      </span>
      <a href={`/matches/${match.matchId}`}>
        {standing.length > 1 ? words.allMarkets(standing.length) : words.details}
        <span class="hidden"> {matchName(match)}</span>
      </a>
    </div>
  );
}

/** How long bets are taken, or where the match stands. */
function Standing({ match }: { match: Match }) {
  const main = marketIds(match.matchId)
    .value.map((id) => market(id)?.value)
    .find((one) => one?.template === "match_winner");
  if (match.state !== "scheduled") return <MatchTag match={match} />;
  if (main && main.state !== "open") return <span class="tag">{t().market.state[main.state]}</span>;
  return <Countdown until={main?.lockAt ?? match.startsAt} />;
}

/** A match that is coming or under way, with its winner market. What moves is in parts of its own. */
export function MatchCard({ match }: { match: Match }) {
  return (
    <article
      class="panel match-card"
      aria-label={matchName(match)}
      data-match={match.matchId}
      style={{ "--t1": match.team1?.colour ?? "", "--t2": match.team2?.colour ?? "" }}
    >
      <div class="match-head">
        <span class="clock">
          <Moment iso={match.startsAt} style="time" />
        </span>
        <span>{t().match.block(match.block)}</span>
        <span class="end">
          <Standing match={match} />
        </span>
      </div>
      <div class="versus">
        <Side match={match} team={match.team1} />
        <Score match={match} />
        <Side match={match} team={match.team2} right />
      </div>
      <MainMarket match={match} />
      <Foot match={match} />
    </article>
  );
}
