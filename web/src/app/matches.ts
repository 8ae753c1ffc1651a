import { api, data } from "../api/client";
import type { Match, Tournament } from "../api/types";
import { t } from "../i18n";

/** Matches seen so far, for naming them in notices and lists. */
const seen = new Map<string, Match>();

export function remember<T extends readonly Match[]>(matches: T): T {
  for (const match of matches) seen.set(match.matchId, match);
  return matches;
}

export interface MatchFilter {
  tournament?: string;
  week?: string;
  team?: string;
  state?: Match["state"];
  from?: string;
  to?: string;
}

/** Every match that fits, page after page, up to `most`. */
export async function listMatches(filter: MatchFilter, most = 300): Promise<Match[]> {
  const found: Match[] = [];
  let cursor: string | undefined;
  do {
    const limit = Math.min(100, most - found.length);
    const query = { ...filter, limit, ...(cursor ? { cursor } : {}) };
    const page = await data(api.GET("/api/league/matches", { params: { query } }));
    found.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor && found.length < most);
  return [...remember(found)];
}

export async function getMatch(id: string): Promise<Match> {
  const match = await data(api.GET("/api/league/matches/{matchId}", { params: { path: { matchId: id } } }));
  seen.set(id, match);
  return match;
}

/** "T1–GEN", or words that always fit. */
export function shortName(match: Match): string {
  return `${match.team1?.code ?? t().match.tbd}–${match.team2?.code ?? t().match.tbd}`;
}

export async function nameOf(matchId: string): Promise<string> {
  const known = seen.get(matchId);
  if (known) return shortName(known);
  try {
    return shortName(await getMatch(matchId));
  } catch {
    return t().notice.someMatch;
  }
}

export async function listTournaments(): Promise<Tournament[]> {
  const found = await data(api.GET("/api/league/tournaments"));
  return found.items;
}

/** The tournament to show first: the one under way, else the next, else the last. */
export function presentTournament(all: readonly Tournament[], now: number): Tournament | undefined {
  const at = (iso: string | null | undefined): number => (iso ? Date.parse(iso) : 0);
  const inOrder = [...all].sort((a, b) => at(a.firstMatchAt) - at(b.firstMatchAt));
  const hours = 12 * 3_600_000;
  return inOrder.find((one) => at(one.lastMatchAt) + hours >= now) ?? inOrder.at(-1);
}
