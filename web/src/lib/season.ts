import type { ListedTeam, Match, Team } from "../api/types";

/** A finished match from one team's side. */
export interface Played {
  match: Match;
  opponent: Team | null | undefined;
  won: boolean;
  gamesWon: number;
  gamesLost: number;
}

export interface Record {
  wins: number;
  losses: number;
}

/** The ids under which a club has played: its own and those of its former codes. */
export function teamIds(team: ListedTeam): string[] {
  return [team.teamId, ...team.formerly.map((former) => former.teamId)];
}

/** A team's decided matches, latest first. A club may have several ids. */
export function played(matches: readonly Match[], ...ids: readonly string[]): Played[] {
  const isOwn = (id: string | undefined): boolean => id !== undefined && ids.includes(id);
  return matches
    .filter((match) => match.winnerId != null)
    .filter((match) => isOwn(match.team1?.teamId) || isOwn(match.team2?.teamId))
    .sort((a, b) => b.startsAt.localeCompare(a.startsAt))
    .map((match) => {
      const first = isOwn(match.team1?.teamId);
      return {
        match,
        opponent: first ? match.team2 : match.team1,
        won: match.winnerId === (first ? match.team1 : match.team2)?.teamId,
        gamesWon: first ? match.team1Wins : match.team2Wins,
        gamesLost: first ? match.team2Wins : match.team1Wins,
      };
    });
}

export function record(games: readonly Played[]): Record {
  const wins = games.filter((game) => game.won).length;
  return { wins, losses: games.length - wins };
}

/** A team's record against each opponent, most matches first. */
export function headToHead(games: readonly Played[]): { opponent: Team; games: Played[] }[] {
  const by = new Map<string, { opponent: Team; games: Played[] }>();
  for (const game of games) {
    if (!game.opponent) continue;
    const found = by.get(game.opponent.teamId) ?? { opponent: game.opponent, games: [] };
    found.games.push(game);
    by.set(game.opponent.teamId, found);
  }
  return [...by.values()].sort((a, b) => b.games.length - a.games.length);
}
