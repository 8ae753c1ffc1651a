import { computed, signal } from "@preact/signals";
import { kstDay } from "../lib/time";

/** The server's time minus this device's, in milliseconds. */
let offset = 0;
/** Once the stream has told the time to the millisecond, the header's whole seconds are too coarse. */
let exact = false;

/** The server's time, once a second. */
export const now = signal(Date.now());
/** The Korean day, as YYYY-MM-DD. */
export const today = computed(() => kstDay(now.value));

/** The server's time at this moment. */
export function serverNow(): number {
  return Date.now() + offset;
}

/** From the stream's first event. */
export function setServerTime(iso: string): void {
  const time = Date.parse(iso);
  if (Number.isNaN(time)) return;
  offset = time - Date.now();
  exact = true;
  now.value = serverNow();
}

/** From an answer's Date header; good to a second. */
export function noteDateHeader(response: Response, sentAt: number): void {
  const time = Date.parse(response.headers.get("date") ?? "");
  if (exact || Number.isNaN(time)) return;
  const guess = time + 500 - (sentAt + Date.now()) / 2;
  if (Math.abs(guess - offset) > 1500) {
    offset = guess;
    now.value = serverNow();
  }
}

/** Ticks on the server's whole seconds. */
export function startClock(): void {
  const tick = (): void => {
    now.value = serverNow();
    setTimeout(tick, 1000 - (serverNow() % 1000) + 5);
  };
  tick();
}
