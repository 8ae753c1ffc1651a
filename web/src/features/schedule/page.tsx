import { useLocation } from "preact-iso";
import { useId } from "preact/hooks";
import type { Match, Tournament } from "../../api/types";
import { serverNow } from "../../app/clock";
import { listMatches, presentTournament } from "../../app/matches";
import { useResource } from "../../app/resource";
import { useTournaments } from "../../app/tournaments";
import { DayRows } from "../../components/day-list";
import { SeasonNav } from "../../components/season-nav";
import { Empty, Loaded, Skeleton } from "../../components/states";
import { t } from "../../i18n";
import { useTitle } from "../../lib/title";
import { blocksOf } from "../home/weeks";
import "./schedule.css";

interface Filter {
  tournament: string;
  week: string;
  team: string;
}

function address(filter: Filter): string {
  const query = new URLSearchParams(Object.entries(filter).filter(([, value]) => value !== ""));
  return query.size > 0 ? `/schedule?${query.toString()}` : "/schedule";
}

function Select(props: {
  label: string;
  value: string;
  options: readonly (readonly [string, string])[];
  set: (value: string) => void;
}) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      <select
        id={id}
        class="input"
        value={props.value}
        onChange={(event) => props.set(event.currentTarget.value)}
      >
        {props.options.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
    </div>
  );
}

function teamsOf(matches: readonly Match[]): string[] {
  const codes = matches.flatMap((match) => [match.team1?.code, match.team2?.code]);
  return [...new Set(codes.filter((code) => code !== undefined))].sort();
}

function Season({ tournament, all }: { tournament: Tournament; all: readonly Tournament[] }) {
  const words = t().schedule;
  const { query, route } = useLocation();
  const id = tournament.tournamentId;
  const season = useResource(`season ${id}`, () => listMatches({ tournament: id }), { every: 30_000 });
  const filter: Filter = {
    tournament: query.tournament ?? "",
    week: query.week ?? "",
    team: query.team ?? "",
  };
  const go = (change: Partial<Filter>): void => route(address({ ...filter, ...change }));
  const matches = season.data ?? [];
  const shown = matches.filter(
    (match) =>
      (filter.week === "" || match.block === filter.week) &&
      (filter.team === "" || match.team1?.code === filter.team || match.team2?.code === filter.team),
  );
  return (
    <div class="stack">
      <div class="filters panel padded">
        <Select
          label={words.tournament}
          value={id}
          options={all.map((one) => [one.tournamentId, one.name])}
          set={(value) => go({ tournament: value, week: "", team: "" })}
        />
        <Select
          label={words.week}
          value={filter.week}
          options={[["", words.allWeeks], ...blocksOf(matches).map((b) => [b, t().match.block(b)] as const)]}
          set={(week) => go({ week })}
        />
        <Select
          label={words.team}
          value={filter.team}
          options={[["", words.allTeams], ...teamsOf(matches).map((code) => [code, code] as const)]}
          set={(team) => go({ team })}
        />
      </div>
      <Loaded from={season} skeleton={<Skeleton height={52} count={12} />}>
        {() =>
          shown.length > 0 ? (
            <div>
              <DayRows matches={shown} withBlock level="h2" />
            </div>
          ) : (
            <Empty title={words.empty} text={words.emptyText} icon="calendar">
              <a class="button" href="/schedule">
                {words.reset}
              </a>
            </Empty>
          )
        }
      </Loaded>
    </div>
  );
}

/** 일정 및 결과 */
export default function Schedule() {
  const words = t().schedule;
  const { query } = useLocation();
  const tournaments = useTournaments();
  useTitle(words.title);
  return (
    <div class="stack narrow-page">
      <div class="page-head">
        <h1>{words.title}</h1>
        <SeasonNav />
      </div>
      <Loaded from={tournaments} skeleton={<Skeleton height={52} count={12} />}>
        {(all) => {
          const asked = all.find((one) => one.tournamentId === query.tournament);
          const shown = asked ?? presentTournament(all, serverNow());
          return shown ? (
            <Season tournament={shown} all={all} />
          ) : (
            <Empty title={words.empty} text={t().home.emptyText} icon="calendar" />
          );
        }}
      </Loaded>
    </div>
  );
}
