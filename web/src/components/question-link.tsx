import type { Question } from "../api/types";
import { isVoid, market as find, marketIds } from "../app/markets";
import { t } from "../i18n";
import { points } from "../lib/format";
import { Icon } from "./icon";
import { MarketState } from "./market";
import { questionAbout } from "./market-words";

interface Props {
  question: Question;
  /** Where nothing above it says what it is about. */
  named?: boolean;
}

/** How its market stands, or why there is none yet. */
function Standing({ question }: { question: Question }) {
  const ids = marketIds(question.questionId).value;
  const market = ids.flatMap((id) => find(id)?.value ?? []).find((one) => !isVoid(one));
  if (market) {
    return (
      <>
        <MarketState state={market.state} />
        <span class="end small muted num">
          {t().market.pool} {points(market.pool)}
          <span class="unit">{t().app.unit}</span>
        </span>
      </>
    );
  }
  return question.candidates.length === 0 ? <span class="tag">{t().questions.waiting}</span> : null;
}

/** Leads to a question about a stage, and says how its market stands. */
export function QuestionLink({ question, named }: Props) {
  return (
    <a class="panel question-link" href={`/questions/${question.questionId}`} data-question={question.kind}>
      <Icon name="trophy" size={20} />
      <b>{t().questions.ask[question.kind]}</b>
      <span class={named ? "small muted" : "hidden"}>{questionAbout(question)}</span>
      <Standing question={question} />
    </a>
  );
}
