import { computed, signal } from "@preact/signals";
import { api, data } from "../api/client";
import type { Bet } from "../api/types";
import { applyMarket } from "./markets";

/** One's open bets, by id. */
const open = signal<ReadonlyMap<string, Bet>>(new Map());
/** Whether the open bets have been read since the login. */
export const openBetsKnown = signal(false);

export const openBets = computed(() =>
  [...open.value.values()].sort((a, b) => b.placedAt.localeCompare(a.placedAt)),
);

/** One's points on each outcome. */
export const ownStakes = computed(() => {
  const stakes = new Map<string, number>();
  for (const { outcomeId, stake } of open.value.values()) {
    if (outcomeId != null) stakes.set(outcomeId, (stakes.get(outcomeId) ?? 0) + stake);
  }
  return stakes;
});

/** The markets that one has open bets in. */
export const ownMarkets = computed(() => new Set([...open.value.values()].map((bet) => bet.marketId)));

/** Closed bets heard of: a list that was asked for before must not bring them back. */
const closed = new Set<string>();

/** Takes a bet as it is now. */
export function applyBet(bet: Bet): void {
  const next = new Map(open.peek());
  if (bet.state !== "accepted") {
    closed.add(bet.betId);
    next.delete(bet.betId);
  } else if (!closed.has(bet.betId)) next.set(bet.betId, bet);
  open.value = next;
}

/** Reads every open bet. */
export async function loadOpenBets(): Promise<void> {
  const found: Bet[] = [];
  let cursor: string | undefined;
  do {
    const query = { state: "accepted" as const, limit: 100, ...(cursor ? { cursor } : {}) };
    const page = await data(api.GET("/api/betting/bets", { params: { query } }));
    found.push(...page.items);
    for (const bet of page.items) applyMarket(bet.market);
    cursor = page.nextCursor ?? undefined;
  } while (cursor);
  const fresh = found.filter((bet) => !closed.has(bet.betId));
  open.value = new Map(fresh.map((bet) => [bet.betId, bet]));
  openBetsKnown.value = true;
}

export function clearOpenBets(): void {
  open.value = new Map();
  closed.clear();
  openBetsKnown.value = false;
}
