import type { Tournament } from "../../api/types";
import { serverNow } from "../../app/clock";
import { presentTournament } from "../../app/matches";
import { useQuestions } from "../../app/questions";
import { QuestionLink } from "../../components/question-link";
import { t } from "../../i18n";

/** What can be bet on the present tournament as a whole. */
export function SeasonBets({ tournaments }: { tournaments: readonly Tournament[] | undefined }) {
  const present = tournaments && presentTournament(tournaments, serverNow());
  const questions = useQuestions(present?.tournamentId);
  const open = questions.filter(({ state, candidates }) => state === "scheduled" && candidates.length > 0);
  if (open.length === 0) return null;
  return (
    <section class="stack">
      <h2>{t().questions.season}</h2>
      {open.map((question) => (
        <QuestionLink key={question.questionId} question={question} named />
      ))}
    </section>
  );
}
