import type { Match } from "../../api/types";
import { serverNow } from "../../app/clock";
import { listMatches } from "../../app/matches";
import { kstDayStart } from "../../lib/time";
import { isOver } from "../../components/match-parts";

export interface HomeData {
  live: Match[];
  upcoming: Match[];
  finished: Match[];
}

const AHEAD = 24;
/** A match can have begun on the evening before. */
const EVENING = 6 * 3_600_000;

/** What the home page shows: what runs, what comes, and what of today is over, latest first. */
export async function loadHome(): Promise<HomeData> {
  const now = serverNow();
  const from = new Date(kstDayStart(now) - EVENING).toISOString();
  const to = new Date(now + 60_000).toISOString();
  const [begun, upcoming] = await Promise.all([
    listMatches({ from, to }),
    listMatches({ state: "scheduled" }, AHEAD),
  ]);
  return {
    live: begun.filter((match) => match.state === "in_progress"),
    upcoming,
    finished: begun.filter(isOver).reverse(),
  };
}
