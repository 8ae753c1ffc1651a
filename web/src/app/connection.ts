import { signal } from "@preact/signals";

/** Whether the device says it has a network. */
export const online = signal(navigator.onLine);
/** Whether the last request got any answer. */
export const reachable = signal(true);

export function watchConnection(): void {
  addEventListener("online", () => (online.value = true));
  addEventListener("offline", () => (online.value = false));
}
