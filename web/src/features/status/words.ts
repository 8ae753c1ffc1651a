import { t } from "../../i18n";

/** What is older should have been read again. Seconds. */
const FRESH = 20;

export function isOld(ageSeconds: number): boolean {
  return ageSeconds > FRESH;
}

/** A length of time in its largest unit, whole and rounded down. */
export function duration(seconds: number): string {
  const words = t().status;
  if (seconds < 60) return words.seconds(Math.floor(seconds));
  if (seconds < 3600) return words.minutes(Math.floor(seconds / 60));
  if (seconds < 86_400) return words.hours(Math.floor(seconds / 3600));
  return words.days(Math.floor(seconds / 86_400));
}

/** Two decimals where it is little, whole where it is much. */
export function ratePerSecond(rate: number): string {
  const digits = rate === 0 || rate >= 100 ? 0 : rate >= 10 ? 1 : 2;
  return new Intl.NumberFormat("en-US", { maximumFractionDigits: digits }).format(rate);
}
