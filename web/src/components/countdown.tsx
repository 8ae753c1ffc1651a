import { useComputed } from "@preact/signals";
import { now } from "../app/clock";
import { t } from "../i18n";
import { remaining } from "../lib/time";

/** The time left, by the server's clock. */
export function Countdown({ until, bare }: { until: string; bare?: boolean }) {
  const end = Date.parse(until);
  const text = useComputed(() => {
    const left = remaining(end, now.value);
    return t().time.countdown(left.d, left.h, left.m, left.s);
  });
  const soon = useComputed(() => end - now.value < 30_000);
  if (bare) return <span class="num">{text}</span>;
  return (
    <span class={soon.value ? "countdown soon" : "countdown"} role="timer" aria-live="off">
      {t().time.locksIn} <b class="num">{text}</b>
    </span>
  );
}
