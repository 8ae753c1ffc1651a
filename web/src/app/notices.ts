import { signal } from "@preact/signals";

export type Tone = "good" | "bad" | "plain";

export interface Notice {
  id: number;
  tone: Tone;
  title: string;
  text: string;
  href: string | null;
}

const MOST = 4;
const STAY = 9_000;

export const notices = signal<readonly Notice[]>([]);
/** The browser's word on notifications of its own; null where there are none. */
export const permission = signal<NotificationPermission | null>(
  "Notification" in globalThis ? Notification.permission : null,
);

let last = 0;

export function dismiss(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id);
}

/** Says something in the page, and through the browser when the page is not seen and that is allowed. */
export function notify(tone: Tone, title: string, text: string, href: string | null = null): void {
  const id = (last += 1);
  notices.value = [...notices.value, { id, tone, title, text, href }].slice(-MOST);
  setTimeout(() => dismiss(id), STAY);
  if (permission.peek() === "granted" && document.visibilityState === "hidden") {
    new Notification(title, { body: text, icon: "/icon.svg", tag: `loljoa-${title}` });
  }
}

export async function askPermission(): Promise<void> {
  if (permission.peek() !== null) permission.value = await Notification.requestPermission();
}
