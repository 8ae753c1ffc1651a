import type { Stake } from "../../api/types";
import { t } from "../../i18n";
import { points } from "../../lib/format";
import { words } from "./words";

interface Props {
  /** How many have staked in all. */
  bettors: number;
  /** The largest of them. */
  stakes: Stake[];
}

/** Whose stakes are on a market. */
export function Bettors({ bettors, stakes }: Props) {
  if (bettors === 0) return null;
  const others = bettors - stakes.length;
  const label = words().bettors(points(bettors));
  return (
    <div class="bettors small">
      <span class="muted">{label}</span>
      <ul aria-label={label}>
        {stakes.map((stake) => (
          <li key={stake.accountId}>
            <b>{stake.username ?? stake.accountId}</b>{" "}
            <span class="num">
              {points(stake.points)} {t().app.unit}
            </span>
          </li>
        ))}
        {stakes.length > 0 && others > 0 && <li class="muted">{words().otherBettors(points(others))}</li>}
      </ul>
    </div>
  );
}
