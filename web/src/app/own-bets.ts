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
/** When each open bet was heard of, in turns: a list that was asked for before does not know it, and must not drop it. */
const heardIn = new Map<string, number>();
let turn = 0;
/** A list that was asked for in another login is nobody's. */
let login = 0;

type BetHeard = (bet: Bet) => void;
const listeners = new Set<BetHeard>();

/** Calls back when one of one's own bets changes, whoever tells of it first: the stream or an answer. */
export function onOwnBet(heard: BetHeard): () => void {
  listeners.add(heard);
  return () => listeners.delete(heard);
}

/** Takes a bet as it is now. */
export function applyBet(bet: Bet): void {
  const next = new Map(open.peek());
  if (bet.state !== "accepted") {
    closed.add(bet.betId);
    next.delete(bet.betId);
  } else if (!closed.has(bet.betId)) {
    heardIn.set(bet.betId, (turn += 1));
    next.set(bet.betId, bet);
  }
  open.value = next;
  for (const heard of listeners) heard(bet);
}

/** Reads every open bet. */
export async function loadOpenBets(): Promise<void> {
  const found: Bet[] = [];
  const [asked, mine] = [turn, login];
  let cursor: string | undefined;
  do {
    const query = { state: "accepted" as const, limit: 100, ...(cursor ? { cursor } : {}) };
    const page = await data(api.GET("/api/betting/bets", { params: { query } }));
    found.push(...page.items);
    for (const bet of page.items) applyMarket(bet.market);
    cursor = page.nextCursor ?? undefined;
  } while (cursor);
  if (mine !== login) return;
  const fresh = found.filter((bet) => !closed.has(bet.betId));
  const meanwhile = [...open.peek().values()].filter((bet) => (heardIn.get(bet.betId) ?? 0) > asked);
  open.value = new Map([...fresh, ...meanwhile].map((bet) => [bet.betId, bet]));
  openBetsKnown.value = true;
}

export function clearOpenBets(): void {
  open.value = new Map();
  closed.clear();
  heardIn.clear();
  login += 1;
  openBetsKnown.value = false;
}
