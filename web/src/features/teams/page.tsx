import type { ListedTeam, Match } from "../../api/types";
import { useResource } from "../../app/resource";
import { Badge } from "../../components/badge";
import { Form } from "../../components/form";
import { teamName } from "../../components/market-words";
import { SeasonNav } from "../../components/season-nav";
import { Empty, Loaded, Skeleton } from "../../components/states";
import { t } from "../../i18n";
import { played, record, teamIds } from "../../lib/season";
import { useTitle } from "../../lib/title";
import { loadAllMatches, loadTeams } from "./data";
import "./teams.css";

function TeamCard({ team, matches }: { team: ListedTeam; matches: readonly Match[] }) {
  const words = t().teams;
  const games = played(matches, ...teamIds(team));
  const { wins, losses } = record(games);
  return (
    <li>
      <a class="panel team-card" href={`/teams/${team.code}`} style={{ "--t1": team.colour }}>
        <Badge team={team} size={56} />
        <span class="team-card-name">
          <b>{teamName(team)}</b>
          <span class="small muted num">{words.record(wins, losses)}</span>
        </span>
        <Form games={games} />
      </a>
    </li>
  );
}

/** A club stands under the code that it bears now. */
const isOfNow = (team: ListedTeam): boolean => team.now == null;

/** 팀 소개 */
export default function Teams() {
  const words = t().teams;
  const teams = useResource("teams", loadTeams);
  const matches = useResource("all matches", loadAllMatches);
  useTitle(words.title);
  return (
    <div class="stack">
      <div class="page-head">
        <div>
          <h1>{words.title}</h1>
          <p class="muted">{words.subtitle}</p>
        </div>
        <SeasonNav />
      </div>
      <Loaded from={teams} skeleton={<Skeleton height={88} count={10} />}>
        {(all) =>
          all.length === 0 ? (
            <Empty title={words.empty} text={words.emptyText} icon="team" />
          ) : (
            <ul class="team-grid">
              {all.filter(isOfNow).map((team) => (
                <TeamCard key={team.teamId} team={team} matches={matches.data ?? []} />
              ))}
            </ul>
          )
        }
      </Loaded>
    </div>
  );
}
