import type { Question, Stage } from "../../api/types";
import { Champion } from "../../components/champion";
import { QuestionLink } from "../../components/question-link";
import { t } from "../../i18n";
import { Bracket } from "./bracket";
import { Heading, type Level, below } from "./heading";
import { StandingsTable } from "./table";
import "./standings.css";

/** What separates level teams, and what else counts, in words. */
function Rules({ stage }: { stage: Stage }) {
  const words = t().standings;
  const names: Record<string, string> = words.tiebreakers;
  const rules = stage.tiebreakers.map((rule) => names[rule] ?? rule).join(words.then);
  const carried = stage.carries.map(words.stage).join(", ");
  const told = [rules === "" ? words.shared : words.level(rules), carried && words.carries(carried)];
  return <p class="muted small">{told.join(" ").trim()}</p>;
}

interface Props {
  stage: Stage;
  /** Of its heading. */
  level: Level;
  id?: string;
  /** Without links: what it shows has no pages yet. */
  plain?: boolean;
  /** What is asked about the stages of its tournament. */
  questions?: readonly Question[];
}

/** What is asked about a stage as a whole, or about one of its groups. */
function Asked({ group, questions }: { group: string | null; questions: readonly Question[] }) {
  return questions
    .filter((question) => (question.group ?? null) === group)
    .map((question) => <QuestionLink key={question.questionId} question={question} />);
}

interface TablesProps extends Pick<Props, "stage" | "plain"> {
  questions: readonly Question[];
}

function Tables({ stage, plain, questions }: TablesProps) {
  return (
    <div class={stage.tables.length > 1 ? "group-tables" : undefined}>
      {stage.tables.map((table) => (
        <div key={table.group ?? ""} class="stack">
          <StandingsTable
            table={table}
            kind={stage.kind}
            name={t().standings.stage(stage.name)}
            plain={plain}
          />
          {table.group != null && <Asked group={table.group} questions={questions} />}
        </div>
      ))}
    </div>
  );
}

/** A stage of a tournament: its tables, or its bracket with how far each team came. */
export function StageSection({ stage, level, id, plain, questions = [] }: Props) {
  const words = t().standings;
  const name = words.stage(stage.name);
  const own = questions.filter((question) => question.stage === stage.name);
  return (
    <section class="stack stage" id={id}>
      <div class="stage-head">
        <Heading level={level}>{name}</Heading>
        <span class="tag">{words.kind[stage.kind]}</span>
      </div>
      {stage.champion && <Champion team={stage.champion} word={words.champion} />}
      <Asked group={null} questions={own} />
      {stage.kind === "bracket" ? (
        <>
          <Bracket stage={stage} level={below(level)} plain={plain} />
          <details class="stack">
            <summary>{words.places}</summary>
            <Tables stage={stage} plain={plain} questions={own} />
          </details>
        </>
      ) : (
        <>
          <Tables stage={stage} plain={plain} questions={own} />
          <Rules stage={stage} />
        </>
      )}
    </section>
  );
}
