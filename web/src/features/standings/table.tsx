import type { Stage, Standing, Table } from "../../api/types";
import { Badge } from "../../components/badge";
import { teamName } from "../../components/market-words";
import { t } from "../../i18n";
import { signed } from "../../lib/format";

interface Props {
  table: Table;
  kind: Stage["kind"];
  /** What the table is called where it has no group. */
  name: string;
  /** Without links. */
  plain?: boolean | undefined;
}

/** Whether the team goes on, in a word. */
function Fate({ fate, kind }: { fate: Standing["fate"]; kind: Stage["kind"] }) {
  const words = t().standings;
  if (fate === "open") return null;
  if (fate === "out") return <span class="tag bad">{words.fate.out}</span>;
  return <span class="tag good">{kind === "bracket" ? words.champion : words.fate.through}</span>;
}

function Line({ line, kind, plain }: Pick<Props, "kind" | "plain"> & { line: Standing }) {
  const { team } = line;
  const inside = (
    <>
      <Badge team={team} size={30} />
      {teamName(team)}
    </>
  );
  return (
    <tr>
      <td class="num">
        <b>{line.rank}</b>
      </td>
      <th scope="row">
        <span class="standing-team">
          {plain ? (
            <span class="team-link">{inside}</span>
          ) : (
            <a class="team-link" href={`/teams/${team.code}`}>
              {inside}
            </a>
          )}
          <Fate fate={line.fate} kind={kind} />
        </span>
      </th>
      <td class="end num">
        <b>{line.wins}</b>
      </td>
      <td class="end num">{line.losses}</td>
      <td class="end num wide-only">
        {line.gameWins}–{line.gameLosses}
      </td>
      <td class="end num">{signed(line.gameDifference)}</td>
    </tr>
  );
}

/** Teams in their order. */
export function StandingsTable({ table, kind, name, plain }: Props) {
  const words = t().standings;
  const { group, standings } = table;
  return (
    <div class="panel table-wrap">
      <table class="table" aria-label={group == null ? name : undefined}>
        {group != null && <caption class="group-name">{words.group(group)}</caption>}
        <thead>
          <tr>
            <th scope="col">{words.rank}</th>
            <th scope="col">{words.team}</th>
            <th scope="col" class="end">
              {words.wins}
            </th>
            <th scope="col" class="end">
              {words.losses}
            </th>
            <th scope="col" class="end wide-only">
              {words.games}
            </th>
            <th scope="col" class="end">
              {words.difference}
            </th>
          </tr>
        </thead>
        <tbody>
          {standings.map((line) => (
            <Line key={line.team.teamId} line={line} kind={kind} plain={plain} />
          ))}
        </tbody>
      </table>
    </div>
  );
}
