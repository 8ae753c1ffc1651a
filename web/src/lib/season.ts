import type { Match, Team } from "../api/types";

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

/** A team's decided matches, latest first. */
export function played(matches: readonly Match[], teamId: string): Played[] {
  return matches
    .filter((match) => match.winnerId != null)
    .filter((match) => match.team1?.teamId === teamId || match.team2?.teamId === teamId)
    .sort((a, b) => b.startsAt.localeCompare(a.startsAt))
    .map((match) => {
      const first = match.team1?.teamId === teamId;
      return {
        match,
        opponent: first ? match.team2 : match.team1,
        won: match.winnerId === teamId,
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
