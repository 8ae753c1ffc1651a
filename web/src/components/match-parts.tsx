import type { Match, Team } from "../api/types";
import { t } from "../i18n";
import { Badge } from "./badge";
import { teamName } from "./market-words";

export const hasBegun = (match: Match): boolean =>
  match.state === "in_progress" || match.state === "completed" || match.state === "forfeited";

export const isOver = (match: Match): boolean =>
  match.state === "completed" || match.state === "forfeited" || match.state === "cancelled";

/** What a match is called, in full. */
export function matchName(match: Match): string {
  return t().match.versus(teamName(match.team1), teamName(match.team2));
}

export function lost(match: Match, team: Team | null | undefined): boolean {
  return match.winnerId != null && team != null && match.winnerId !== team.teamId;
}

interface SideProps {
  match: Match;
  team: Team | null | undefined;
  right?: boolean;
  size?: number;
}

export function Side({ match, team, right, size }: SideProps) {
  const inside = (
    <>
      <Badge team={team} {...(size === undefined ? {} : { size })} />
      <span class="side-name">
        <b>{team?.code ?? t().match.tbd}</b>
        <span>{teamName(team)}</span>
      </span>
    </>
  );
  const name = `side${right ? " right" : ""}${lost(match, team) ? " lost" : ""}`;
  if (!team) return <span class={name}>{inside}</span>;
  return (
    <a class={name} href={`/teams/${team.code}`}>
      {inside}
    </a>
  );
}

export function Score({ match }: { match: Match }) {
  if (!hasBegun(match)) {
    return (
      <span class="score" aria-hidden="true">
        <span class="vs">{t().match.vs}</span>
      </span>
    );
  }
  const { team1Wins: a, team2Wins: b } = match;
  const over = isOver(match);
  return (
    <span class="score num" role="img" aria-label={t().match.score(a, b)}>
      <span class={over && a < b ? "less" : ""}>{a}</span>
      <span class="vs">:</span>
      <span class={over && b < a ? "less" : ""}>{b}</span>
    </span>
  );
}

export function MatchTag({ match }: { match: Match }) {
  const words = t().match;
  if (match.needsReview) return <span class="tag">{words.review}</span>;
  if (match.state === "in_progress") {
    return (
      <span class="tag live">
        <span class="dot" />
        {words.state.in_progress}
      </span>
    );
  }
  return <span class={`tag ${match.state === "cancelled" ? "bad" : ""}`}>{words.state[match.state]}</span>;
}
