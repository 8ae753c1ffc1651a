import { useLocation } from "preact-iso";
import { api, data } from "../../api/client";
import type { Standing, Tournament } from "../../api/types";
import { serverNow } from "../../app/clock";
import { presentTournament } from "../../app/matches";
import { useResource } from "../../app/resource";
import { useTournaments } from "../../app/tournaments";
import { Badge } from "../../components/badge";
import { teamName } from "../../components/market-words";
import { SeasonNav } from "../../components/season-nav";
import { Empty, Loaded, Skeleton } from "../../components/states";
import { t } from "../../i18n";
import { signed } from "../../lib/format";
import { useTitle } from "../../lib/title";

export async function loadStandings(tournament: string): Promise<Standing[]> {
  const found = await data(api.GET("/api/league/standings", { params: { query: { tournament } } }));
  return found.items;
}

function Table({ standings }: { standings: readonly Standing[] }) {
  const words = t().standings;
  return (
    <div class="panel table-wrap">
      <table class="table">
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
            <tr key={line.team.teamId}>
              <td class="num">
                <b>{line.rank}</b>
              </td>
              <th scope="row">
                <a class="team-link" href={`/teams/${line.team.code}`}>
                  <Badge team={line.team} size={30} />
                  {teamName(line.team)}
                </a>
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
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Of({ tournament }: { tournament: Tournament }) {
  const words = t().standings;
  const id = tournament.tournamentId;
  const standings = useResource(`standings ${id}`, () => loadStandings(id), { every: 30_000 });
  return (
    <Loaded from={standings} skeleton={<Skeleton height={48} count={10} />}>
      {(found) =>
        found.length > 0 ? (
          <Table standings={found} />
        ) : (
          <Empty title={words.empty} text={words.emptyText} icon="trophy" />
        )
      }
    </Loaded>
  );
}

/** 순위표: the table of the season. */
export default function Standings() {
  const words = t().standings;
  const { query } = useLocation();
  const tournaments = useTournaments();
  useTitle(words.title);
  return (
    <div class="stack narrow-page">
      <div class="page-head">
        <h1>{words.title}</h1>
        <SeasonNav />
      </div>
      <Loaded from={tournaments} skeleton={<Skeleton height={48} count={10} />}>
        {(all) => {
          const shown =
            all.find((one) => one.tournamentId === query.tournament) ?? presentTournament(all, serverNow());
          if (!shown) return <Empty title={words.empty} text={words.emptyText} icon="trophy" />;
          return (
            <>
              {all.length > 1 && (
                <nav class="chips" aria-label={t().schedule.tournament}>
                  {all.map((one) => (
                    <a
                      key={one.tournamentId}
                      class="chip"
                      href={`/standings?tournament=${one.tournamentId}`}
                      aria-current={one === shown ? "page" : undefined}
                    >
                      {one.name}
                    </a>
                  ))}
                </nav>
              )}
              <Of tournament={shown} />
            </>
          );
        }}
      </Loaded>
    </div>
  );
}
