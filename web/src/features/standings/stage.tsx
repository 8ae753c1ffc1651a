import type { Stage } from "../../api/types";
import { Badge } from "../../components/badge";
import { Icon } from "../../components/icon";
import { teamName } from "../../components/market-words";
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

function Champion({ team }: { team: NonNullable<Stage["champion"]> }) {
  return (
    <p class="champion">
      <Icon name="trophy" size={24} />
      <span class="muted">{t().standings.champion}</span>
      <Badge team={team} size={30} />
      <b>{teamName(team)}</b>
    </p>
  );
}

interface Props {
  stage: Stage;
  /** Of its heading. */
  level: Level;
  id?: string;
  /** Without links: what it shows has no pages yet. */
  plain?: boolean;
}

function Tables({ stage, plain }: Pick<Props, "stage" | "plain">) {
  return (
    <div class={stage.tables.length > 1 ? "group-tables" : undefined}>
      {stage.tables.map((table) => (
        <StandingsTable
          key={table.group ?? ""}
          table={table}
          kind={stage.kind}
          name={t().standings.stage(stage.name)}
          plain={plain}
        />
      ))}
    </div>
  );
}

/** A stage of a tournament: its tables, or its bracket with how far each team came. */
export function StageSection({ stage, level, id, plain }: Props) {
  const words = t().standings;
  const name = words.stage(stage.name);
  return (
    <section class="stack stage" id={id}>
      <div class="stage-head">
        <Heading level={level}>{name}</Heading>
        <span class="tag">{words.kind[stage.kind]}</span>
      </div>
      {stage.champion && <Champion team={stage.champion} />}
      {stage.kind === "bracket" ? (
        <>
          <Bracket stage={stage} level={below(level)} plain={plain} />
          <details class="stack">
            <summary>{words.places}</summary>
            <Tables stage={stage} plain={plain} />
          </details>
        </>
      ) : (
        <>
          <Tables stage={stage} plain={plain} />
          <Rules stage={stage} />
        </>
      )}
    </section>
  );
}
