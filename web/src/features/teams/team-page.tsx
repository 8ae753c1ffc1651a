import { useRoute } from "preact-iso";
import type { ListedTeam, Match, TeamName } from "../../api/types";
import { useResource } from "../../app/resource";
import { Badge } from "../../components/badge";
import { Form } from "../../components/form";
import { teamName } from "../../components/market-words";
import { MatchRow } from "../../components/match-row";
import { Loaded, Skeleton } from "../../components/states";
import { pick, t } from "../../i18n";
import { type Played, headToHead, played, record, teamIds } from "../../lib/season";
import { useTitle } from "../../lib/title";
import { NotFound } from "../not-found/page";
import { loadAllMatches, loadTeams } from "./data";
import "./teams.css";

const RESULTS = 10;
const UPCOMING = 5;

function Opponents({ games }: { games: readonly Played[] }) {
  const words = t().teams;
  return (
    <section>
      <h2 class="section-head">{words.opponents}</h2>
      <div class="panel table-wrap">
        <table class="table">
          <thead>
            <tr>
              <th scope="col">{words.opponent}</th>
              <th scope="col" class="end">
                {words.recordHead}
              </th>
              <th scope="col">{words.form}</th>
            </tr>
          </thead>
          <tbody>
            {headToHead(games).map(({ opponent, games: met }) => {
              const { wins, losses } = record(met);
              return (
                <tr key={opponent.teamId}>
                  <th scope="row">
                    <a class="team-link" href={`/teams/${opponent.code}`}>
                      <Badge team={opponent} size={28} />
                      {teamName(opponent)}
                    </a>
                  </th>
                  <td class="end num">{words.record(wins, losses)}</td>
                  <td>
                    <Form games={met} />
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function List({ title, matches }: { title: string; matches: readonly Match[] }) {
  return (
    <section>
      <h2 class="section-head">{title}</h2>
      {matches.length === 0 ? (
        <p class="panel padded muted">{t().teams.noMatches}</p>
      ) : (
        <ul class="panel rows">
          {matches.map((match) => (
            <li key={match.matchId}>
              <MatchRow match={match} withBlock />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** A club under another code. */
function OtherCodes({ label, names }: { label: string; names: readonly TeamName[] }) {
  if (names.length === 0) return null;
  return (
    <p class="muted small">
      {label}{" "}
      {names.map((one, index) => (
        <span key={one.teamId}>
          {index > 0 && ", "}
          <a href={`/teams/${one.code}`}>{pick(one.name)}</a>
        </span>
      ))}
    </p>
  );
}

function Details({ team, matches }: { team: ListedTeam; matches: readonly Match[] }) {
  const words = t().teams;
  const ids = teamIds(team);
  const games = played(matches, ...ids);
  const { wins, losses } = record(games);
  const upcoming = matches.filter(
    (match) =>
      match.state === "scheduled" &&
      [match.team1, match.team2].some((side) => side && ids.includes(side.teamId)),
  );
  useTitle(teamName(team));
  return (
    <div class="stack loose">
      <header class="team-head panel" style={{ "--t1": team.colour }}>
        <Badge team={team} size={84} />
        <div>
          <p class="muted small">{team.code}</p>
          <h1>{teamName(team)}</h1>
          <OtherCodes label={words.formerly} names={team.formerly} />
          <OtherCodes label={words.now} names={team.now ? [team.now] : []} />
          <p class="num">{words.record(wins, losses)}</p>
        </div>
        <div class="team-form">
          <p class="muted small">{words.form}</p>
          <Form games={games} />
        </div>
      </header>
      <div class="two-columns">
        <List title={words.upcoming} matches={upcoming.slice(0, UPCOMING)} />
        <List title={words.results} matches={games.slice(0, RESULTS).map((game) => game.match)} />
      </div>
      <Opponents games={games} />
    </div>
  );
}

/** A team: its form, its matches, its record against the others. */
export default function TeamPage() {
  const { params } = useRoute();
  const code = (params.code ?? "").toUpperCase();
  const teams = useResource("teams", loadTeams);
  const matches = useResource("all matches", loadAllMatches);
  return (
    <Loaded from={teams} skeleton={<Skeleton height={140} count={3} />}>
      {(all) => {
        const team = all.find((one) => one.code.toUpperCase() === code);
        return team ? <Details team={team} matches={matches.data ?? []} /> : <NotFound />;
      }}
    </Loaded>
  );
}
