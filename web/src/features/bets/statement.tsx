import type { StatementLine } from "../../api/types";
import { Moment } from "../../components/moment";
import { t } from "../../i18n";
import { signed } from "../../lib/format";

function kindWords(kind: string): string {
  const words: Record<string, string> = t().bets.kinds;
  return words[kind] ?? t().bets.kinds.other;
}

/** Every movement of one's points. */
export function Statement({ lines }: { lines: readonly StatementLine[] }) {
  const words = t().bets;
  return (
    <div class="panel table-wrap">
      <table class="table">
        <thead>
          <tr>
            <th scope="col">{words.when}</th>
            <th scope="col">{words.kind}</th>
            <th scope="col" class="end">
              {words.amount}
            </th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <tr key={line.transferId}>
              <td class="when">
                <Moment iso={line.createdAt} style="dateTime" />
              </td>
              <td>{kindWords(line.kind)}</td>
              <td class={`end num ${line.points > 0 ? "good" : ""}`}>{signed(line.points)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
