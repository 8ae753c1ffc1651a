import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type Page,
  chromium,
} from "playwright-core";
import { expect } from "vitest";

/** Where LOL.JOA runs. */
export const URL_OF = process.env.LOLJOA_URL ?? "";
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Far beyond what anything here takes, so that a busy machine is not a failure. Milliseconds. */
const PATIENCE = 60_000;

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}

/** What a page must not do, as far as it was seen doing it. */
export interface Faults {
  errors: string[];
  /** Failures of requests are errors only while the server is there. */
  tolerate: RegExp | null;
}

const faults = new WeakMap<BrowserContext, Faults>();

function follow(page: Page, seen: Faults, origin: string): void {
  const note = (text: string): void => {
    if (!seen.tolerate?.test(text)) seen.errors.push(text);
  };
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") {
      note(`console ${message.type()}: ${message.text()} ${message.location().url}`);
    }
  });
  page.on("pageerror", (error) => note(`uncaught: ${error.message}`));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(origin) && !url.startsWith("data:")) note(`request to a third party: ${url}`);
  });
}

export interface OpenOptions extends BrowserContextOptions {
  /** Another address of the same server. */
  at?: string;
  language?: "ko" | "en";
}

/** A browser of its own: its cookies and storage are nobody else's. */
export async function openContext(browser: Browser, options: OpenOptions = {}): Promise<BrowserContext> {
  const { at = URL_OF, language = "ko", ...rest } = options;
  const origin = new URL(at).origin;
  const context = await browser.newContext({
    baseURL: origin,
    viewport: { width: 1280, height: 900 },
    timezoneId: "Asia/Seoul",
    storageState: {
      cookies: [],
      origins: [{ origin, localStorage: [{ name: "loljoa.language", value: language }] }],
    },
    ...rest,
  });
  context.setDefaultTimeout(PATIENCE);
  const seen: Faults = { errors: [], tolerate: null };
  faults.set(context, seen);
  context.on("page", (page) => follow(page, seen, origin));
  return context;
}

/** From here on these faults are expected. */
export function tolerate(context: BrowserContext, what: RegExp): void {
  const seen = faults.get(context);
  if (seen) seen.tolerate = what;
}

/** Closes a browser and insists that nothing went wrong in it: errors, broken policy, requests to others. */
export async function closeClean(context: BrowserContext): Promise<void> {
  const seen = faults.get(context)?.errors ?? [];
  await context.close();
  expect(seen).toEqual([]);
}
