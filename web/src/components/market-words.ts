import type { Market, Match, Outcome, Team } from "../api/types";
import { language, pick, t } from "../i18n";

/** The team that an outcome stands for, if it stands for one. */
export function outcomeTeam(market: Market, outcome: Outcome, match: Match | undefined): Team | null {
  if (!match) return null;
  const teams = [match.team1, match.team2];
  if (market.template === "match_winner") return teams.find((team) => team?.code === outcome.key) ?? null;
  const score = /^(\d+)-(\d+)$/.exec(outcome.key);
  if (market.template !== "exact_score" || !score) return null;
  return (Number(score[1]) > Number(score[2]) ? match.team1 : match.team2) ?? null;
}

export function teamName(team: Team | null | undefined): string {
  return team ? team.name[language.value] : t().match.tbd;
}

/** An outcome in a few words. */
export function outcomeName(outcome: Outcome): string {
  return pick(outcome.label);
}

/** Why a market is void, in plain words. */
export function voidWords(reason: string | null | undefined): string {
  const words: Record<string, string> = t().market.reason;
  return words[reason ?? "other"] ?? t().market.reason.other;
}
