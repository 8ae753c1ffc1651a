import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { authorised } from "../../api/client";
import { refusal } from "../../api/errors";
import type { ImportReport } from "../../api/types";
import { language } from "../../i18n";
import { points } from "../../lib/format";
import { adminFault } from "./act";
import { Bettors } from "./bettors";
import { Outlook } from "./outlook";
import { words } from "./words";

const TYPES = { json: "application/json", csv: "text/csv" } as const;
type Format = keyof typeof TYPES;

/** A season file is sent as it is, byte by byte, so that the report's lines are the file's. */
async function send(content: string, format: Format, dryRun: boolean): Promise<ImportReport> {
  const url = new URL(`/api/league/import?dryRun=${dryRun}`, location.origin);
  const headers = { "content-type": TYPES[format] };
  const response = await authorised(new Request(url, { method: "POST", headers, body: content }));
  if (!response.ok) throw await refusal(response);
  return (await response.json()) as ImportReport;
}

interface Columns {
  columns: string[];
  numbers?: string[];
  children: ComponentChildren;
}

/** A table whose first column is the file's line. */
function ByLine({ columns, numbers = [], children }: Columns) {
  return (
    <div class="panel table-wrap">
      <table class="table">
        <thead>
          <tr>
            <th scope="col" class="end">
              {words().line}
            </th>
            {columns.map((column) => (
              <th scope="col" key={column}>
                {column}
              </th>
            ))}
            {numbers.map((column) => (
              <th scope="col" class="end" key={column}>
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

function Report({ report }: { report: ImportReport }) {
  const { added, changed, unchanged, refused, warned, applied, lines, linesLeftOut } = report;
  const shown = lines.filter((line) => line.action !== "unchanged" || line.warning !== null);
  return (
    <section class="stack" role="status">
      <p class={`slip-say ${applied ? "good" : refused > 0 ? "bad" : ""}`}>
        <strong>{words().summary(added, changed, unchanged, refused)}</strong>
        <span>{applied ? words().applied : words().notApplied}</span>
        {warned > 0 && <span>{words().warned(warned)}</span>}
      </p>
      {shown.length > 0 && (
        <ByLine columns={[words().action, words().subject, words().message]}>
          {shown.map((line, index) => (
            <tr key={index}>
              <td class="end num">{line.line}</td>
              <td>
                <span class={`tag ${line.action === "refused" ? "bad" : "good"}`}>
                  {words().actions[line.action]}
                </span>
              </td>
              <td>{line.subject}</td>
              <td>
                {line.message}
                {line.warning !== null && <span class="odd">{line.warning}</span>}
              </td>
            </tr>
          ))}
        </ByLine>
      )}
      {linesLeftOut > 0 && <p class="muted">{words().linesLeftOut(linesLeftOut)}</p>}
      {!applied && refused === 0 && <Touched report={report} />}
      {!applied && refused === 0 && <Outlook report={report} />}
    </section>
  );
}

/** What would become of markets, and of the stakes on them. */
function Touched({ report }: { report: ImportReport }) {
  const { markets, matchesLeftOut, questionsLeftOut } = report;
  return (
    <section class="stack" aria-label={words().touched}>
      <h2>{words().touched}</h2>
      {markets.length === 0 && <p class="muted">{words().untouched}</p>}
      {matchesLeftOut > 0 && <p class="muted">{words().leftOut(matchesLeftOut)}</p>}
      {questionsLeftOut > 0 && <p class="muted">{words().questionsLeftOut(questionsLeftOut)}</p>}
      {markets.length > 0 && (
        <ByLine columns={[words().question, words().effect]} numbers={[words().staked, words().givenBack]}>
          {markets.map((market) => (
            <tr key={market.marketId}>
              <td class="end num">{market.line}</td>
              <td>
                {market.question[language.value]}
                <Bettors bettors={market.bettors} stakes={market.stakes} />
              </td>
              <td>
                <span class={`tag ${market.effect === "needs_person" ? "bad" : ""}`}>
                  {words().effects[market.effect]}
                </span>
              </td>
              <td class="end num">{points(market.pool)}</td>
              <td class="end num">{points(market.givenBack)}</td>
            </tr>
          ))}
        </ByLine>
      )}
    </section>
  );
}

/** Brings a season file in and shows what became of each line. */
export function Import() {
  const [content, setContent] = useState("");
  const [format, setFormat] = useState<Format>("json");
  const [report, setReport] = useState<ImportReport | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const [working, setWorking] = useState(false);
  const run = async (dryRun: boolean): Promise<void> => {
    setWorking(true);
    setFault(null);
    setReport(null);
    try {
      setReport(await send(content, format, dryRun));
    } catch (error) {
      setFault(adminFault(error));
    } finally {
      setWorking(false);
    }
  };
  const choose = async (file: File | undefined): Promise<void> => {
    if (!file) return;
    setContent(await file.text());
    setFormat(file.name.toLowerCase().endsWith(".csv") ? "csv" : "json");
  };
  return (
    <div class="stack">
      <form class="panel padded stack" onSubmit={(event) => event.preventDefault()}>
        <label class="field">
          <span>{words().file}</span>
          <input
            class="input"
            type="file"
            accept=".json,.csv"
            onChange={(event) => void choose(event.currentTarget.files?.[0])}
          />
        </label>
        <label class="field">
          <span>{words().paste}</span>
          <textarea
            class="input"
            rows={10}
            spellcheck={false}
            value={content}
            onInput={(event) => setContent(event.currentTarget.value)}
          />
        </label>
        <label class="field">
          <span>{words().format}</span>
          <select
            class="input"
            value={format}
            onChange={(event) => setFormat(event.currentTarget.value === "csv" ? "csv" : "json")}
          >
            {Object.keys(TYPES).map((one) => (
              <option key={one} value={one}>
                {one.toUpperCase()}
              </option>
            ))}
          </select>
        </label>
        <div class="chips wrap">
          <button
            type="button"
            class="button"
            disabled={working || content === ""}
            onClick={() => void run(true)}
          >
            {words().check}
          </button>
          <button
            type="button"
            class="button primary"
            disabled={working || content === ""}
            onClick={() => void run(false)}
          >
            {words().apply}
          </button>
        </div>
      </form>
      {fault !== null && (
        <p class="slip-say bad" role="alert">
          {fault}
        </p>
      )}
      {report && <Report report={report} />}
    </div>
  );
}
