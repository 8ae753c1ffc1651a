import { t } from "../../i18n";
import { points } from "../../lib/format";

const WIDTH = 600;
const HEIGHT = 120;
const EDGE = 6;

/** A line through the balances, as an SVG path over the whole width. */
export function path(values: readonly number[]): string {
  const low = Math.min(...values);
  const span = Math.max(...values) - low || 1;
  const step = WIDTH / Math.max(1, values.length - 1);
  return values
    .map((value, index) => {
      const y = HEIGHT - EDGE - ((value - low) / span) * (HEIGHT - 2 * EDGE);
      return `${index === 0 ? "M" : "L"}${(index * step).toFixed(1)} ${y.toFixed(1)}`;
    })
    .join("");
}

/** One's balance over the latest transfers. */
export function BalanceChart({ values }: { values: readonly number[] }) {
  const words = t().bets;
  const first = values[0];
  const last = values.at(-1);
  if (first === undefined || last === undefined || values.length < 2) return null;
  const line = path(values);
  const label = words.balanceLabel(
    points(first),
    points(last),
    points(Math.min(...values)),
    points(Math.max(...values)),
  );
  return (
    <figure class="panel padded balance">
      <figcaption class="small muted">{words.balance}</figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
        <path d={`${line}L${WIDTH} ${HEIGHT}L0 ${HEIGHT}Z`} class="area" />
        <path d={line} class="line" vector-effect="non-scaling-stroke" />
      </svg>
      <div class="balance-ends small muted num">
        <span>{points(first)}</span>
        <b>{points(last)}</b>
      </div>
    </figure>
  );
}
