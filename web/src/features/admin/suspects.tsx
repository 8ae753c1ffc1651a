import { api, data } from "../../api/client";
import type { Suspect, Suspects as Found } from "../../api/types";
import { shortName } from "../../app/matches";
import { useResource } from "../../app/resource";
import { MatchTag } from "../../components/match-parts";
import { Moment } from "../../components/moment";
import { Empty, Loaded, Skeleton } from "../../components/states";
import { language, t } from "../../i18n";
import { points } from "../../lib/format";
import { Bettors } from "./bettors";
import { Remove } from "./remove";
import { words } from "./words";

type SuspectMatch = Suspect["matches"][number];
type StageMarket = Suspect["stageMarkets"][number];

/** Whether stakes on a market go back, as it is asked no more or otherwise. */
function ends({ effect, pool }: StageMarket): boolean {
  return pool > 0 && (effect === "withdrawn" || effect === "voided");
}

/** What becomes of markets about the stage of a match when it is removed. */
function StageMarkets({ markets }: { markets: StageMarket[] }) {
  if (markets.length === 0) return null;
  return (
    <div class="small">
      <p>{words().stageMarkets}</p>
      <ul aria-label={words().stageMarkets}>
        {markets.map(({ marketId, question, effect, pool, givenBack, bettors, stakes }) => (
          <li key={marketId}>
            {words().stageMarket(
              question[language.value],
              words().effects[effect],
              points(pool),
              points(givenBack),
            )}
            <Bettors bettors={bettors} stakes={stakes} />
          </li>
        ))}
      </ul>
    </div>
  );
}

interface RowProps {
  of: SuspectMatch;
  stays?: SuspectMatch;
  /** Of the stage, that its removal would touch. */
  stageMarkets: StageMarket[];
  onDone: () => void;
}

function Row({ of, stays, stageMarkets, onDone }: RowProps) {
  const { match, markets, pool, givenBack, staked } = of;
  const endsStaked = stageMarkets.some(ends);
  const double = stays === undefined ? {} : { stays: stays.match };
  return (
    <li class="suspect-match" aria-label={shortName(match)}>
      <span class="small muted">
        <Moment iso={match.startsAt} style="dateTime" plain />
      </span>
      <a href={`/admin?tab=matches&match=${match.matchId}`}>
        <b>{shortName(match)}</b>
      </a>
      <span class="small">
        {match.tournament} · {t().match.block(match.block)}
      </span>
      <MatchTag match={match} />
      <span class="small">{words().stakedOn(markets, points(pool), points(givenBack))}</span>
      <Remove match={match} {...double} disabled={pool > 0 || endsStaked} onDone={onDone} />
      {pool > 0 && <span class="small muted">{words().stakedFirst}</span>}
      {staked.map((market) => (
        <div class="staked" key={market.marketId}>
          <span class="small">
            {market.question[language.value]} · {points(market.pool)} {t().app.unit}
          </span>
          <Bettors bettors={market.bettors} stakes={market.stakes} />
        </div>
      ))}
      {endsStaked && <span class="small muted">{words().stakedOnStage}</span>}
      <StageMarkets markets={stageMarkets} />
    </li>
  );
}

function Line({ suspect, onDone }: { suspect: Suspect; onDone: () => void }) {
  const { matches, kind, removeId, stageMarkets } = suspect;
  const isDouble = kind === "same_pair" && matches.length === 2;
  return (
    <li class="suspect">
      <h2>{words().suspects[kind]}</h2>
      <p class="muted">{words().remedies[kind]}</p>
      <ul class="stack" aria-label={words().list}>
        {matches.map((of, place) => {
          const other = matches[1 - place];
          const stays = isDouble && other !== undefined ? { stays: other } : {};
          const own = of.match.matchId === removeId ? stageMarkets : [];
          return <Row key={of.match.matchId} of={of} {...stays} stageMarkets={own} onDone={onDone} />;
        })}
      </ul>
    </li>
  );
}

function List({ found, onDone }: { found: Found; onDone: () => void }) {
  if (found.items.length === 0) return <Empty title={words().noSuspects} icon="check" />;
  return (
    <div class="stack">
      <ul class="panel rows">
        {found.items.map((suspect) => (
          <Line
            key={[suspect.kind, ...suspect.matches.map((of) => of.match.matchId)].join(" ")}
            suspect={suspect}
            onDone={onDone}
          />
        ))}
      </ul>
      {found.leftOut > 0 && <p class="muted">{words().suspectsLeftOut(found.leftOut)}</p>}
    </div>
  );
}

/** Matches that were probably brought in wrongly, and what mends them. */
export function Suspects() {
  const suspects = useResource("admin suspects", () => data(api.GET("/api/league/suspects")), {
    every: 60_000,
  });
  return (
    <Loaded from={suspects} skeleton={<Skeleton height={120} count={3} />}>
      {(found) => <List found={found} onDone={suspects.reload} />}
    </Loaded>
  );
}
