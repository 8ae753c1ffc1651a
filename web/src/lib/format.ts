const integers = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** 12,345 */
export function points(value: number): string {
  return integers.format(value);
}

/** +1,200, −300 or 0. */
export function signed(value: number): string {
  if (value === 0) return "0";
  return (value > 0 ? "+" : "−") + integers.format(Math.abs(value));
}

/** Odds with two decimals, or a dash while nobody has bet. */
export function odds(value: number | null | undefined): string {
  return value == null ? "–" : value.toFixed(2);
}

/** Whole percent. */
export function percent(part: number): string {
  return `${Math.round(part * 100)}%`;
}

/** Two digits. */
export function pad(value: number): string {
  return String(value).padStart(2, "0");
}
