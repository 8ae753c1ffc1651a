import { online, reachable } from "../app/connection";
import { stream } from "../app/live";
import { useTournaments } from "../app/tournaments";
import type { Tournament } from "../api/types";
import { t } from "../i18n";

function lostWords(): string | null {
  const words = t().link;
  if (!online.value) return words.offline;
  if (stream.link.value === "reconnecting") return words.reconnecting;
  return reachable.value ? null : words.unreachable;
}

/** What there is to say about a replay; null when there is none. */
function replayWords(tournaments: readonly Tournament[]): string | null {
  const replays = tournaments.filter((one) => one.source === "replay");
  const running = replays.find((one) => one.replayState === "running");
  const last = replays.at(-1);
  if (running) return t().replay.running(running.name);
  return last ? t().replay.finished(last.name) : null;
}

/** Whether the last visit saw a replay: its line keeps its place until it is known, so that nothing jumps. */
const SEEN = "loljoa.replay";

function Replay() {
  const { data } = useTournaments();
  if (!data) {
    return localStorage.getItem(SEEN) === "no" ? null : (
      <aside class="banner replay" aria-label={t().replay.label} />
    );
  }
  const words = replayWords(data);
  localStorage.setItem(SEEN, words === null ? "no" : "yes");
  if (words === null) return null;
  return (
    <aside class="banner replay" aria-label={t().replay.label}>
      {words}
    </aside>
  );
}

/** What everybody should know now: the connection's state, and that this is a replay. */
export function Banners() {
  const lost = lostWords();
  return (
    <>
      <Replay />
      <div class="lost-bar" role="status">
        {lost !== null && <p class="banner lost">{lost}</p>}
      </div>
    </>
  );
}
