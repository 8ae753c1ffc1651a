import { useRoute } from "preact-iso";
import { useEffect } from "preact/hooks";
import type { Match } from "../../api/types";
import { Refused } from "../../api/errors";
import { loadMarkets } from "../../app/market-list";
import { marketIds, onMarket, market as find } from "../../app/markets";
import { getMatch, listMatches } from "../../app/matches";
import { useResource } from "../../app/resource";
import { useWatched } from "../../app/watch";
import { Countdown } from "../../components/countdown";
import { Form } from "../../components/form";
import { Market } from "../../components/market";
import { teamName } from "../../components/market-words";
import { MatchRow } from "../../components/match-row";
import { MatchTag, Score, Side, matchName } from "../../components/match-parts";
import { Moment } from "../../components/moment";
import { SlipAside } from "../../components/slip";
import { Loaded, Skeleton } from "../../components/states";
import { t } from "../../i18n";
import { played } from "../../lib/season";
import { useTitle } from "../../lib/title";
import { LiveMark } from "../home/live-mark";
import { NotFound } from "../not-found/page";
import "./match.css";

function Hero({ match }: { match: Match }) {
  const ids = marketIds(match.matchId).value;
  const lockAt = ids.map((id) => find(id)?.value).find((one) => one?.state === "open")?.lockAt;
  return (
    <section
      class="panel hero"
      style={{ "--t1": match.team1?.colour ?? "", "--t2": match.team2?.colour ?? "" }}
    >
      <div class="match-head">
        <span>
          <Moment iso={match.startsAt} style="dateTime" />
        </span>
        <span>{t().match.block(match.block)}</span>
        <span>{t().match.bestOf(match.bestOf)}</span>
        <span class="end">
          {match.state === "scheduled" && lockAt !== undefined ? (
            <Countdown until={lockAt} />
          ) : (
            <MatchTag match={match} />
          )}
        </span>
      </div>
      <div class="versus">
        <Side match={match} team={match.team1} size={64} />
        <Score match={match} />
        <Side match={match} team={match.team2} size={64} right />
      </div>
    </section>
  );
}

function Markets({ match }: { match: Match }) {
  const markets = useResource(`markets ${match.matchId}`, () => loadMarkets([match.matchId]));
  const ids = marketIds(match.matchId).value;
  const words = t().match;
  return (
    <section>
      <div class="section-head">
        <h2>{words.markets}</h2>
        <LiveMark />
      </div>
      {ids.length > 0 ? (
        <div class="stack">
          {ids.map((id) => (
            <div key={id} class="panel padded">
              <Market id={id} match={match} />
            </div>
          ))}
        </div>
      ) : (
        <Loaded from={markets} skeleton={<Skeleton height={190} count={3} />}>
          {() => <p class="panel padded muted">{words.noMarkets}</p>}
        </Loaded>
      )}
    </section>
  );
}

function Background({ match }: { match: Match }) {
  const teams = [match.team1, match.team2].filter((team) => team != null);
  const season = useResource(`season ${match.tournamentId}`, () =>
    listMatches({ tournament: match.tournamentId }),
  );
  const words = t().match;
  const [one, other] = teams;
  const met = (season.data ?? []).filter(
    (past) =>
      past.matchId !== match.matchId &&
      past.winnerId != null &&
      [past.team1?.teamId, past.team2?.teamId].every((id) => id === one?.teamId || id === other?.teamId),
  );
  return (
    <section class="stack">
      <h2>{words.form}</h2>
      <ul class="panel rows">
        {teams.map((team) => (
          <li key={team.teamId} class="form-line">
            <a href={`/teams/${team.code}`}>{teamName(team)}</a>
            <Form games={played(season.data ?? [], team.teamId)} />
          </li>
        ))}
      </ul>
      {met.length > 0 && (
        <>
          <h2>{words.headToHead}</h2>
          <ul class="panel rows">
            {met.map((past) => (
              <li key={past.matchId}>
                <MatchRow match={past} withBlock />
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

function Details({ match }: { match: Match }) {
  useWatched([match.matchId]);
  useTitle(matchName(match));
  return (
    <>
      <h1 class="hidden">{matchName(match)}</h1>
      <Hero match={match} />
      <Markets match={match} />
      <Background match={match} />
    </>
  );
}

/** One match with all its markets. */
export default function MatchPage() {
  const { params } = useRoute();
  const id = params.matchId ?? "";
  const match = useResource(`match ${id}`, () => getMatch(id), { every: 20_000 });
  const { reload } = match;
  useEffect(
    () =>
      onMarket((market, before) => {
        if (market.matchId === id && before && before.state !== market.state) reload();
      }),
    [id, reload],
  );
  if (match.error instanceof Refused && [400, 404].includes(match.error.status)) return <NotFound />;
  return (
    <div class="with-slip">
      <div class="stack">
        <Loaded from={match} skeleton={<Skeleton height={180} count={3} />}>
          {(found) => <Details match={found} />}
        </Loaded>
      </div>
      <SlipAside />
    </div>
  );
}
