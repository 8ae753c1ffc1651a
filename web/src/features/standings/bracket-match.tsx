import type { Match, Team } from "../../api/types";
import { Badge } from "../../components/badge";
import { Icon } from "../../components/icon";
import { teamName } from "../../components/market-words";
import { MatchTag, hasBegun, lost } from "../../components/match-parts";
import { Moment } from "../../components/moment";
import { t } from "../../i18n";

interface EntryProps {
  match: Match;
  team: Team | null | undefined;
  wins: number;
}

function Entry({ match, team, wins }: EntryProps) {
  const won = team != null && match.winnerId === team.teamId;
  return (
    <span class={`entry${won ? " won" : ""}${lost(match, team) ? " lost" : ""}`}>
      <Badge team={team} size={22} />
      <span class="entry-name">{teamName(team)}</span>
      {won && (
        <>
          <Icon name="check" size={16} />
          <span class="hidden">{t().match.winner}</span>
        </>
      )}
      {hasBegun(match) && <span class="entry-wins num">{wins}</span>}
    </span>
  );
}

/** A match of a bracket, leading to its page unless it has none yet. */
export function BracketMatch({ match, plain }: { match: Match; plain?: boolean | undefined }) {
  const says = match.needsReview || (match.state !== "scheduled" && match.state !== "completed");
  const inside = (
    <>
      <span class="entry-when">
        <Moment iso={match.startsAt} style="dateTime" plain />
        {says && <MatchTag match={match} />}
      </span>
      <Entry match={match} team={match.team1} wins={match.team1Wins} />
      <Entry match={match} team={match.team2} wins={match.team2Wins} />
    </>
  );
  if (plain) return <div class="bracket-match">{inside}</div>;
  return (
    <a class="bracket-match" href={`/matches/${match.matchId}`}>
      {inside}
    </a>
  );
}
