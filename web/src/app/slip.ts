import { computed, signal } from "@preact/signals";
import { api, data } from "../api/client";
import { Refused, Unanswered } from "../api/errors";
import type { PlacedBet } from "../api/types";
import { backoff, sleep } from "../lib/backoff";
import { applyMarket, market } from "./markets";
import { applyBet } from "./own-bets";
import { inWords } from "./refusals";
import { account, refreshAccount } from "./session";

export interface Pick {
  matchId: string;
  marketId: string;
  outcomeId: string;
}

/** A bet that was confirmed by hand. Its key lives until the server has answered, over reloads too. */
export interface Intent extends Pick {
  key: string;
  accountId: string;
  stake: number;
  at: number;
}

export type SlipPhase =
  | { kind: "editing" }
  | { kind: "sending" }
  /** No answer yet; goes again by itself. */
  | { kind: "waiting"; why: "lost" | "busy" }
  /** No answer yet; waits for a hand. */
  | { kind: "stalled" }
  | { kind: "accepted"; bet: PlacedBet }
  | { kind: "refused"; text: string };

const STORED = "loljoa.intent";
/** A confirmed bet goes again by itself after a reload only while the wish is this fresh, in milliseconds. */
const FRESH = 60_000;
const ATTEMPTS = 8;

export const pick = signal<Pick | null>(null);
export const stake = signal<number | null>(null);
export const phase = signal<SlipPhase>({ kind: "editing" });
/** Whether the slip covers the page, where there is no room beside it. */
export const sheetOpen = signal(false);

/** While a bet is unanswered, nothing about it can be changed. */
export const busy = computed(() => ["sending", "waiting", "stalled"].includes(phase.value.kind));

let wake: AbortController | null = null;

function stored(): Intent | null {
  try {
    return JSON.parse(sessionStorage.getItem(STORED) ?? "null") as Intent | null;
  } catch {
    return null;
  }
}

function drop(): void {
  sessionStorage.removeItem(STORED);
}

/** Puts an outcome on the slip. */
export function choose(next: Pick): void {
  if (busy.peek()) {
    sheetOpen.value = true;
    return;
  }
  pick.value = next;
  phase.value = { kind: "editing" };
  sheetOpen.value = true;
}

/** Empties the slip. An unanswered bet is given up: whether it stands shows in one's bets. */
export function clear(): void {
  drop();
  wake?.abort();
  pick.value = null;
  stake.value = null;
  phase.value = { kind: "editing" };
  sheetOpen.value = false;
}

async function post(intent: Intent): Promise<PlacedBet> {
  const { marketId, outcomeId } = intent;
  return data(
    api.POST("/api/betting/bets", {
      params: { header: { "Idempotency-Key": intent.key } },
      body: { marketId, outcomeId, stake: intent.stake },
    }),
  );
}

function accepted(bet: PlacedBet): void {
  drop();
  applyMarket(bet.market);
  applyBet(bet);
  phase.value = { kind: "accepted", bet };
  stake.value = null;
  void refreshAccount().catch(() => undefined);
}

/** Whether the intent may be sent again after this failure. */
function unsettled(error: unknown): "lost" | "busy" | null {
  if (error instanceof Unanswered) return "lost";
  return error instanceof Refused && error.temporary ? "busy" : null;
}

function refused(error: unknown): void {
  const signedOut = error instanceof Refused && error.status === 401;
  if (!signedOut) drop();
  phase.value = { kind: "refused", text: inWords(error) };
}

async function deliver(intent: Intent): Promise<void> {
  const given = (): boolean => stored()?.key !== intent.key;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    phase.value = attempt === 1 ? { kind: "sending" } : phase.peek();
    try {
      const bet = await post(intent);
      if (!given()) accepted(bet);
      return;
    } catch (error) {
      if (given()) return;
      const why = unsettled(error);
      if (why === null) {
        refused(error);
        return;
      }
      phase.value = { kind: "waiting", why };
      const wait = error instanceof Refused && error.retryAfter !== null ? error.retryAfter * 1000 : 0;
      wake = new AbortController();
      await sleep(Math.max(wait, backoff(attempt)), wake.signal);
      if (given()) return;
    }
  }
  phase.value = { kind: "stalled" };
}

/** Bets what is on the slip. */
export async function confirm(): Promise<void> {
  const chosen = pick.peek();
  const points = stake.peek();
  const who = account.peek();
  if (busy.peek() || !chosen || points === null || !who) return;
  const intent = {
    ...chosen,
    key: crypto.randomUUID(),
    accountId: who.accountId,
    stake: points,
    at: Date.now(),
  };
  sessionStorage.setItem(STORED, JSON.stringify(intent));
  await deliver(intent);
}

/** Sends an unanswered bet again, now. */
export async function check(): Promise<void> {
  if (phase.peek().kind === "waiting") {
    wake?.abort();
    return;
  }
  const intent = stored();
  if (intent) await deliver(intent);
}

/** After a reload or a login: goes on with a bet that was never answered. */
export async function resume(): Promise<void> {
  const intent = stored();
  const who = account.peek();
  if (!intent || !who || busy.peek()) return;
  if (intent.accountId !== who.accountId) {
    drop();
    return;
  }
  pick.value = { matchId: intent.matchId, marketId: intent.marketId, outcomeId: intent.outcomeId };
  stake.value = intent.stake;
  sheetOpen.value = true;
  await learn(intent.marketId);
  if (Date.now() - intent.at < FRESH) await deliver(intent);
  else phase.value = { kind: "stalled" };
}

async function learn(marketId: string): Promise<void> {
  if (market(marketId)) return;
  try {
    applyMarket(await data(api.GET("/api/betting/markets/{marketId}", { params: { path: { marketId } } })));
  } catch {
    // The slip can do without the question's words.
  }
}
