import type { Market, Match, Outcome, Question, Team } from "../api/types";
import { isSeason } from "../app/markets";
import { language, pick, t } from "../i18n";

/** What the answers of a market can be about. */
export interface About {
  match?: Match | undefined;
  /** The teams that a question about a stage chooses from. */
  candidates?: readonly Team[] | undefined;
}

/** The team that an outcome stands for, if it stands for one. */
export function outcomeTeam(market: Market, outcome: Outcome, { match, candidates }: About): Team | null {
  if (isSeason(market.template)) return candidates?.find((team) => team.code === outcome.key) ?? null;
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
export function voidWords({ template, voidReason }: Market): string {
  const words: Record<string, string> = {
    ...t().market.reason,
    ...(isSeason(template) ? t().questions.reason : {}),
  };
  return words[voidReason ?? "other"] ?? t().market.reason.other;
}

/** The part of a tournament that a question is about. */
export function questionAbout({ stage, group }: Question): string {
  const words = t().standings;
  return group == null ? words.stage(stage) : `${words.stage(stage)} ${words.group(group)}`;
}
