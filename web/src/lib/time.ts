/** Korean time: what the league and the daily grant go by. */
export const KST = "Asia/Seoul";
const DAY = 86_400_000;
const KST_OFFSET = 9 * 3_600_000;

export type Style = "time" | "day" | "date" | "dateTime";

const STYLES: Record<Style, Intl.DateTimeFormatOptions> = {
  time: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  day: { month: "long", day: "numeric", weekday: "short" },
  date: { year: "numeric", month: "2-digit", day: "2-digit" },
  dateTime: { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
};

const formats = new Map<string, Intl.DateTimeFormat>();

function format(locale: string, style: Style, zone: string): Intl.DateTimeFormat {
  const key = `${locale} ${style} ${zone}`;
  let found = formats.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(locale, { ...STYLES[style], timeZone: zone });
    formats.set(key, found);
  }
  return found;
}

/** A moment in Korean time. */
export function kst(iso: string, style: Style, locale: string): string {
  return format(locale, style, KST).format(new Date(iso));
}

/** Asked once: the answer is costly and stays the same. */
const OWN_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** A moment in the reader's own zone, or null when that zone shows what Korea's shows. */
export function ownZone(iso: string, locale: string, own = OWN_ZONE): string | null {
  const text = format(locale, "dateTime", own).format(new Date(iso));
  if (text === kst(iso, "dateTime", locale)) return null;
  return `${text} (${own.replaceAll("_", " ")})`;
}

/** The Korean day of a moment as YYYY-MM-DD. */
export function kstDay(time: number): string {
  return new Date(time + KST_OFFSET).toISOString().slice(0, 10);
}

/** The first moment of a moment's Korean day, plus whole days. */
export function kstDayStart(time: number, days = 0): number {
  return Math.floor((time + KST_OFFSET) / DAY) * DAY - KST_OFFSET + days * DAY;
}

/** A Korean wall-clock time as `<input type="datetime-local">` holds it. */
export function toKstInput(iso: string): string {
  return new Date(Date.parse(iso) + KST_OFFSET).toISOString().slice(0, 16);
}

/** The moment that such an input means, or null. */
export function fromKstInput(value: string): string | null {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(value)) return null;
  const time = Date.parse(`${value}:00Z`);
  return Number.isNaN(time) ? null : new Date(time - KST_OFFSET).toISOString();
}

/** Days, hours, minutes and seconds until a moment; all zero when it has come. */
export function remaining(until: number, now: number): { d: number; h: number; m: number; s: number } {
  const left = Math.max(0, Math.ceil((until - now) / 1000));
  return {
    d: Math.floor(left / 86_400),
    h: Math.floor((left % 86_400) / 3600),
    m: Math.floor((left % 3600) / 60),
    s: left % 60,
  };
}
