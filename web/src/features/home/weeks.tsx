import { useEffect, useRef, useState } from "preact/hooks";
import type { Match, Tournament } from "../../api/types";
import { serverNow } from "../../app/clock";
import { listMatches, presentTournament } from "../../app/matches";
import { useResource } from "../../app/resource";
import { useWatched } from "../../app/watch";
import { DayMixed } from "../../components/day-list";
import { Empty, Loaded, Skeleton } from "../../components/states";
import { t } from "../../i18n";

const IDLE_AFTER = 300;

/** The blocks of a season in the order they are played. */
export function blocksOf(matches: readonly Match[]): string[] {
  return [...new Set(matches.map((match) => match.block))];
}

function useSeason(tournaments: readonly Tournament[] | undefined) {
  const present = tournaments && presentTournament(tournaments, serverNow());
  const id = present?.tournamentId;
  return useResource(id === undefined ? null : `season ${id}`, () =>
    listMatches({ ...(id === undefined ? {} : { tournament: id }) }),
  );
}

/** True once the browser has nothing better to do: the weeks can wait for the matches. */
function useIdle(): boolean {
  const [idle, setIdle] = useState(false);
  useEffect(() => {
    // Not every browser has idle callbacks.
    const timer = setTimeout(() => setIdle(true), IDLE_AFTER);
    return () => clearTimeout(timer);
  }, []);
  return idle;
}

interface PickerProps {
  tournaments: readonly Tournament[] | undefined;
  week: string | undefined;
}

/** Today, or one of the season's weeks. */
export function WeekPicker({ tournaments, week }: PickerProps) {
  const words = t();
  const season = useSeason(useIdle() || week !== undefined ? tournaments : undefined);
  const nav = useRef<HTMLElement>(null);
  const known = season.data !== undefined;
  // The chosen week may be outside of what fits on a phone.
  useEffect(() => {
    const row = nav.current;
    const chosen = row?.querySelector<HTMLElement>("[aria-current]");
    if (row && chosen) row.scrollLeft = chosen.offsetLeft - (row.clientWidth - chosen.clientWidth) / 2;
  }, [week, known]);
  return (
    <nav ref={nav} class="chips week-picker" aria-label={words.home.byWeek}>
      <a class="chip" href="/" aria-current={week === undefined ? "page" : undefined}>
        {words.home.today}
      </a>
      {blocksOf(season.data ?? []).map((block) => (
        <a
          key={block}
          class="chip"
          href={`/?week=${encodeURIComponent(block)}`}
          aria-current={week === block ? "page" : undefined}
        >
          {words.match.block(block)}
        </a>
      ))}
    </nav>
  );
}

function Week({ matches, week }: { matches: readonly Match[]; week: string }) {
  const shown = matches.filter((match) => match.block === week);
  useWatched(
    shown
      .filter((match) => match.state === "scheduled" || match.state === "in_progress")
      .map((m) => m.matchId),
  );
  if (shown.length === 0) {
    return <Empty title={t().schedule.empty} text={t().schedule.emptyText} icon="calendar" />;
  }
  return <DayMixed matches={shown} level="h2" />;
}

export function WeekView({
  tournaments,
  week,
}: {
  tournaments: readonly Tournament[] | undefined;
  week: string;
}) {
  const season = useSeason(tournaments);
  return (
    <Loaded from={season} skeleton={<Skeleton height={320} count={2} />}>
      {(matches) => <Week matches={matches} week={week} />}
    </Loaded>
  );
}
