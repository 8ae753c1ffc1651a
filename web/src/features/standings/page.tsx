import { useLocation } from "preact-iso";
import { useEffect } from "preact/hooks";
import { api, data } from "../../api/client";
import type { Question, Stage, Tournament } from "../../api/types";
import { serverNow } from "../../app/clock";
import { presentTournament } from "../../app/matches";
import { useQuestions } from "../../app/questions";
import { useResource } from "../../app/resource";
import { useTournaments } from "../../app/tournaments";
import { SeasonNav } from "../../components/season-nav";
import { Empty, Loaded, Skeleton } from "../../components/states";
import { t } from "../../i18n";
import { useTitle } from "../../lib/title";
import { StageSection } from "./stage";

async function loadStages(tournament: string): Promise<Stage[]> {
  const found = await data(api.GET("/api/league/standings", { params: { query: { tournament } } }));
  return found.stages;
}

/** Every stage in the order of play; with several, links lead to each. */
function Stages({ stages, questions }: { stages: readonly Stage[]; questions: readonly Question[] }) {
  const words = t().standings;
  const idOf = (index: number): string => `stage-${index + 1}`;
  // The browser looks for the place that the address names before the stages are there.
  useEffect(() => document.getElementById(location.hash.slice(1))?.scrollIntoView(), []);
  return (
    <>
      {stages.length > 1 && (
        <nav class="chips" aria-label={words.stages}>
          {stages.map((stage, index) => (
            <a key={stage.name} class="chip" href={`#${idOf(index)}`}>
              {words.stage(stage.name)}
            </a>
          ))}
        </nav>
      )}
      <div class="stack loose">
        {stages.map((stage, index) => (
          <StageSection key={stage.name} stage={stage} level={2} id={idOf(index)} questions={questions} />
        ))}
      </div>
    </>
  );
}

function Of({ tournament }: { tournament: Tournament }) {
  const words = t().standings;
  const id = tournament.tournamentId;
  const standings = useResource(`standings ${id}`, () => loadStages(id), { every: 30_000 });
  const questions = useQuestions(id);
  return (
    <Loaded from={standings} skeleton={<Skeleton height={48} count={10} />}>
      {(found) =>
        found.length > 0 ? (
          <Stages stages={found} questions={questions} />
        ) : (
          <Empty title={words.empty} text={words.emptyText} icon="trophy" />
        )
      }
    </Loaded>
  );
}

/** 순위표: the tables and brackets of the season. */
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
