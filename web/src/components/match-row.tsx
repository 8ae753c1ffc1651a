import type { Match, Team } from "../api/types";
import { t } from "../i18n";
import { Badge } from "./badge";
import { teamName } from "./market-words";
import { MatchTag, hasBegun, lost, matchName } from "./match-parts";
import { Moment } from "./moment";

function RowTeam({ match, team, first }: { match: Match; team: Team | null | undefined; first?: boolean }) {
  return (
    <span class={`team${first ? " first" : ""}${lost(match, team) ? " lost" : ""}`}>
      <Badge team={team} size={30} />
      <span class="code">{team?.code ?? t().match.tbd}</span>
      <span class="full">{teamName(team)}</span>
    </span>
  );
}

/** A match in one line, leading to its page. */
export function MatchRow({ match, withBlock }: { match: Match; withBlock?: boolean }) {
  const begun = hasBegun(match);
  return (
    <a class="match-row" href={`/matches/${match.matchId}`}>
      <span class="when">
        <Moment iso={match.startsAt} style="time" plain />
        {withBlock && <span class="block small"> {t().match.block(match.block)}</span>}
      </span>
      <span class="duel">
        <span class="hidden">{matchName(match)}</span>
        <RowTeam match={match} team={match.team1} first />
        <span class="result num">
          {begun ? (
            <>
              {match.team1Wins} <span class="vs">:</span> {match.team2Wins}
            </>
          ) : (
            <span class="vs">{t().match.vs}</span>
          )}
        </span>
        <RowTeam match={match} team={match.team2} />
      </span>
      <span class="end">
        <MatchTag match={match} />
      </span>
    </a>
  );
}
