import { t } from "../i18n";
import type { Played } from "../lib/season";

/** The latest results of a team, newest on the right. */
export function Form({ games, most = 5 }: { games: readonly Played[]; most?: number }) {
  const words = t().teams;
  if (games.length === 0) return <span class="muted small">–</span>;
  return (
    <ol class="form" aria-label={words.form}>
      {games
        .slice(0, most)
        .reverse()
        .map(({ match, won }) => (
          <li key={match.matchId} class={won ? "won" : "lost"}>
            {won ? words.won : words.lost}
          </li>
        ))}
    </ol>
  );
}
