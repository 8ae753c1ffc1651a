import { useLocation } from "preact-iso";
import { useState } from "preact/hooks";
import type { Match } from "../../api/types";
import { serverNow } from "../../app/clock";
import { listMatches } from "../../app/matches";
import { useResource } from "../../app/resource";
import { MatchTag } from "../../components/match-parts";
import { Moment } from "../../components/moment";
import { Loaded, Skeleton } from "../../components/states";
import { t } from "../../i18n";
import { shortName } from "../../app/matches";
import { MatchDesk } from "./match-desk";
import { words } from "./words";

/** What an admin looks for first: nearest in time. */
function nearest(matches: readonly Match[], search: string): Match[] {
  const wanted = search.trim().toLowerCase();
  const now = serverNow();
  const distance = (match: Match): number => Math.abs(Date.parse(match.startsAt) - now);
  return matches
    .filter((match) => {
      const text = `${shortName(match)} ${match.block} ${t().match.block(match.block)}`.toLowerCase();
      return wanted === "" || text.includes(wanted);
    })
    .sort((a, b) => distance(a) - distance(b))
    .slice(0, 40)
    .sort((a, b) => a.startsAt.localeCompare(b.startsAt));
}

function List({ matches, chosen }: { matches: readonly Match[]; chosen: string | undefined }) {
  return (
    <ul class="panel rows desk-list" aria-label={words().list}>
      {matches.map((match) => (
        <li key={match.matchId}>
          <a
            class="desk-row"
            href={`/admin?tab=matches&match=${match.matchId}`}
            aria-current={chosen === match.matchId ? "true" : undefined}
          >
            <span class="small muted">
              <Moment iso={match.startsAt} style="dateTime" plain />
            </span>
            <b>{shortName(match)}</b>
            <MatchTag match={match} />
          </a>
        </li>
      ))}
    </ul>
  );
}

/** Results, start times, and the markets of a match. */
export function Matches() {
  const { query } = useLocation();
  const [search, setSearch] = useState("");
  const all = useResource("admin matches", () => listMatches({}, 400), { every: 15_000 });
  const chosen = query.match;
  return (
    <div class="desk">
      <div class="stack">
        <label class="field">
          <span>{words().search}</span>
          <input
            class="input"
            type="search"
            placeholder={words().searchHint}
            value={search}
            onInput={(event) => setSearch(event.currentTarget.value)}
          />
        </label>
        <Loaded from={all} skeleton={<Skeleton height={44} count={10} />}>
          {(matches) => <List matches={nearest(matches, search)} chosen={chosen} />}
        </Loaded>
      </div>
      {chosen === undefined ? (
        <p class="panel padded muted">{words().pickMatch}</p>
      ) : (
        <MatchDesk key={chosen} matchId={chosen} changed={all.reload} />
      )}
    </div>
  );
}
