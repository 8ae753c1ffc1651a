import type { Match } from "../api/types";
import { today } from "../app/clock";
import { locale, t } from "../i18n";
import { kst, kstDay } from "../lib/time";
import { MatchCard } from "./match-card";
import { MatchRow } from "./match-row";
import { isOver } from "./match-parts";

function byDay(matches: readonly Match[]): [string, Match[]][] {
  const days = new Map<string, Match[]>();
  for (const match of matches) {
    const day = kstDay(Date.parse(match.startsAt));
    days.set(day, [...(days.get(day) ?? []), match]);
  }
  return [...days];
}

/** A day's heading: how far it is from today, and its date. */
function DayHead({ iso, level: Heading }: { iso: string; level: "h2" | "h3" }) {
  const words = t().time;
  const noon = Date.parse(`${today.value}T03:00:00Z`);
  const names = new Map([
    [today.value, words.today],
    [kstDay(noon + 86_400_000), words.tomorrow],
    [kstDay(noon - 86_400_000), words.yesterday],
  ]);
  const name = names.get(kstDay(Date.parse(iso)));
  return (
    <Heading class="day-head">
      {name !== undefined && <span>{name}</span>}
      <span class={name === undefined ? "" : "muted"}>{kst(iso, "day", locale())}</span>
    </Heading>
  );
}

interface Props {
  matches: readonly Match[];
  withBlock?: boolean;
  /** Of the days' headings, by where the list stands. */
  level?: "h2" | "h3";
}

function Rows({ matches, withBlock }: Props) {
  return (
    <ul class="panel rows">
      {matches.map((match) => (
        <li key={match.matchId}>
          <MatchRow match={match} {...(withBlock ? { withBlock } : {})} />
        </li>
      ))}
    </ul>
  );
}

function Cards({ matches }: Props) {
  return (
    <div class="match-grid">
      {matches.map((match) => (
        <MatchCard key={match.matchId} match={match} />
      ))}
    </div>
  );
}

/** Matches to bet on, by Korean day. */
export function DayCards({ matches, level = "h3" }: Props) {
  return (
    <>
      {byDay(matches).map(([day, some]) => (
        <div key={day}>
          <DayHead iso={some[0]?.startsAt ?? day} level={level} />
          <Cards matches={some} />
        </div>
      ))}
    </>
  );
}

/** Matches in lines, by Korean day. */
export function DayRows({ matches, withBlock, level = "h3" }: Props) {
  return (
    <>
      {byDay(matches).map(([day, some]) => (
        <div key={day}>
          <DayHead iso={some[0]?.startsAt ?? day} level={level} />
          <Rows matches={some} {...(withBlock ? { withBlock } : {})} />
        </div>
      ))}
    </>
  );
}

/** By Korean day: what is over in lines, the rest to bet on. */
export function DayMixed({ matches, level = "h3" }: Props) {
  return (
    <>
      {byDay(matches).map(([day, some]) => {
        const over = some.filter(isOver);
        const ahead = some.filter((match) => !isOver(match));
        return (
          <div key={day} class="stack">
            <DayHead iso={some[0]?.startsAt ?? day} level={level} />
            {over.length > 0 && <Rows matches={over} />}
            {ahead.length > 0 && <Cards matches={ahead} />}
          </div>
        );
      })}
    </>
  );
}
