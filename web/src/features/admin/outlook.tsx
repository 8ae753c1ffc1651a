import type { ImportReport } from "../../api/types";
import { StageSection } from "../standings/stage";
import { words } from "./words";

/** The tables that would come out of an import. What it would add has no page yet, so nothing leads to one. */
export function Outlook({ report }: { report: ImportReport }) {
  const { standings, standingsLeftOut } = report;
  if (standings.length === 0) return null;
  return (
    <details class="outlook">
      <summary>{words().tables}</summary>
      <div class="stack loose">
        {standings.map(({ tournament, stages }) => (
          <section class="stack" key={tournament}>
            <h2>{tournament}</h2>
            {stages.length === 0 && <p class="muted">{words().noTables}</p>}
            {stages.map((stage) => (
              <StageSection key={stage.name} stage={stage} level={3} plain />
            ))}
          </section>
        ))}
        {standingsLeftOut > 0 && <p class="muted">{words().tablesLeftOut(standingsLeftOut)}</p>}
      </div>
    </details>
  );
}
