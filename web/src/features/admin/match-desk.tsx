import { useLocation } from "preact-iso";
import { useEffect, useRef, useState } from "preact/hooks";
import { api, data } from "../../api/client";
import { Refused } from "../../api/errors";
import type { Match } from "../../api/types";
import { loadMarkets } from "../../app/market-list";
import { marketIds } from "../../app/markets";
import { getMatch } from "../../app/matches";
import { useResource } from "../../app/resource";
import { useWatched } from "../../app/watch";
import { MatchTag, matchName } from "../../components/match-parts";
import { Loaded, Skeleton } from "../../components/states";
import { t } from "../../i18n";
import { fromKstInput, toKstInput } from "../../lib/time";
import { useAction } from "./act";
import { Ask } from "./ask";
import { Confirm } from "./confirm";
import { MarketDesk } from "./market-desk";
import { Remove } from "./remove";
import { words } from "./words";

interface Props {
  match: Match;
  changed: () => void;
}

function Result({ match, changed }: Props) {
  const [first, setFirst] = useState(match.team1Wins);
  const [second, setSecond] = useState(match.team2Wins);
  const [forfeit, setForfeit] = useState("");
  const { working, act } = useAction();
  const teams = [match.team1, match.team2].filter((team) => team != null);
  const most = Math.ceil(match.bestOf / 2);
  const counts = Array.from({ length: most + 1 }, (_, wins) => wins);
  const sides = [
    [match.team1, first, setFirst],
    [match.team2, second, setSecond],
  ] as const;
  const record = (): Promise<unknown> =>
    act(words().recorded, async () => {
      const body = { team1Wins: first, team2Wins: second, ...(forfeit ? { forfeitedById: forfeit } : {}) };
      const params = { path: { matchId: match.matchId } };
      await data(api.POST("/api/league/matches/{matchId}/result", { params, body }));
      changed();
    });
  return (
    <form
      class="desk-form"
      onSubmit={(event) => {
        event.preventDefault();
        void record();
      }}
    >
      {sides.map(([team, wins, set], side) => (
        <label class="field" key={side}>
          <span>{words().wins(team?.code ?? t().match.tbd)}</span>
          <select class="input" value={wins} onChange={(event) => set(Number(event.currentTarget.value))}>
            {counts.map((count) => (
              <option key={count} value={count}>
                {count}
              </option>
            ))}
          </select>
        </label>
      ))}
      <label class="field">
        <span>{words().forfeitBy}</span>
        <select class="input" value={forfeit} onChange={(event) => setForfeit(event.currentTarget.value)}>
          <option value="">{words().noForfeit}</option>
          {teams.map((team) => (
            <option key={team.teamId} value={team.teamId}>
              {team.code}
            </option>
          ))}
        </select>
      </label>
      <button type="submit" class="button" disabled={working}>
        {words().record}
      </button>
    </form>
  );
}

function Start({ match, changed }: Props) {
  const [start, setStart] = useState(toKstInput(match.startsAt));
  const [asking, setAsking] = useState(false);
  const { working, act } = useAction();
  const params = { path: { matchId: match.matchId } };
  const patch = (done: string, body: { startsAt: string } | { cancel: true }): Promise<boolean> =>
    act(done, async () => {
      await data(api.PATCH("/api/league/matches/{matchId}", { params, body }));
      changed();
    });
  const startsAt = fromKstInput(start);
  return (
    <div class="desk-form">
      <label class="field">
        <span>{words().postpone}</span>
        <input
          class="input"
          type="datetime-local"
          value={start}
          onInput={(event) => setStart(event.currentTarget.value)}
        />
      </label>
      <button
        type="button"
        class="button"
        disabled={working || startsAt === null}
        onClick={() => startsAt !== null && void patch(words().moved, { startsAt })}
      >
        {words().move}
      </button>
      <button type="button" class="button danger" disabled={working} onClick={() => setAsking(true)}>
        {words().cancelMatch}
      </button>
      {asking && (
        <Confirm
          title={words().cancelMatch}
          working={working}
          onClose={() => setAsking(false)}
          onConfirm={async () => {
            await patch(words().cancelled, { cancel: true });
            setAsking(false);
          }}
        >
          <p>{words().cancelMatchText}</p>
        </Confirm>
      )}
    </div>
  );
}

/** Takes the focus: on a phone it stands below the list that led here. */
function Heading({ children }: { children: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <h2 ref={heading} tabIndex={-1}>
      {children}
    </h2>
  );
}

/** All that an admin can do about one match. */
export function MatchDesk({ matchId, changed }: { matchId: string; changed: () => void }) {
  const match = useResource(`match ${matchId}`, () => getMatch(matchId), { every: 15_000 });
  useResource(`markets ${matchId}`, () => loadMarkets([matchId]), { every: 5_000 });
  useWatched([matchId]);
  const ids = marketIds(matchId).value;
  const { route } = useLocation();
  const gone = (): void => {
    changed();
    route("/admin?tab=matches");
  };
  const both = (): void => {
    match.reload();
    changed();
  };
  // The log and the incidents know a market's match by its id alone, which can be that of a question.
  if (match.error instanceof Refused && match.error.status === 404) {
    return (
      <p class="panel padded muted">
        {words().noMatch} <a href={`/questions/${matchId}`}>{words().toQuestion}</a>
      </p>
    );
  }
  return (
    <Loaded from={match} skeleton={<Skeleton height={300} />}>
      {(found) => (
        <div class="stack">
          <div class="section-head">
            <Heading>{matchName(found)}</Heading>
            <MatchTag match={found} />
          </div>
          <section class="panel padded stack">
            <h3>{words().result}</h3>
            <Result match={found} changed={both} />
            <Start key={found.startsAt} match={found} changed={both} />
            <Remove match={found} onDone={gone} />
          </section>
          <section class="stack">
            <h3>{words().markets}</h3>
            {ids.map((id) => (
              <MarketDesk key={id} id={id} match={found} />
            ))}
            <Ask matchId={matchId} />
          </section>
        </div>
      )}
    </Loaded>
  );
}
