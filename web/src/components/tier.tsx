import type { Tier } from "../api/types";
import { t } from "../i18n";

/** A tier as a small cut stone and its name. */
export function TierTag({ tier }: { tier: Tier }) {
  return (
    <span class={`tier ${tier}`}>
      <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">
        <path d="M4 1h6l3 4-6 8-6-8z" fill="currentColor" />
        <path d="M1 5h12M4 1l3 12 3-12" fill="none" stroke="var(--panel)" stroke-width="0.8" />
      </svg>
      {t().leaderboard.tiers[tier]}
    </span>
  );
}
