import { type Signal, signal } from "@preact/signals";
import type { Market } from "../api/types";

const byId = new Map<string, Signal<Market>>();
const byMatch = new Map<string, Signal<readonly string[]>>();

export type MarketHeard = (market: Market, before: Market | null) => void;
const listeners = new Set<MarketHeard>();

/** Calls back after each change of a market. */
export function onMarket(heard: MarketHeard): () => void {
  listeners.add(heard);
  return () => listeners.delete(heard);
}

/** The ids of a match's known markets, in the order of their first sight. */
export function marketIds(matchId: string): Signal<readonly string[]> {
  let ids = byMatch.get(matchId);
  if (!ids) {
    ids = signal<readonly string[]>([]);
    byMatch.set(matchId, ids);
  }
  return ids;
}

/** A market as far as it is known here. */
export function market(id: string): Signal<Market> | undefined {
  return byId.get(id);
}

const ORDER = { match_winner: 0, exact_score: 1, total_sets: 2, custom: 3 } as const;

/** Takes a snapshot; an older one than what is known is ignored, since answers overtake each other. */
export function applyMarket(next: Market): void {
  const known = byId.get(next.marketId);
  const before = known?.peek() ?? null;
  if (before && before.revision >= next.revision) return;
  if (known) known.value = next;
  else {
    byId.set(next.marketId, signal(next));
    const ids = marketIds(next.matchId);
    const rank = (id: string): number => ORDER[byId.get(id)?.peek().template ?? "custom"];
    ids.value = [...ids.peek(), next.marketId].sort((a, b) => rank(a) - rank(b));
  }
  for (const heard of listeners) heard(next, before);
}

/** Forgets everything: for tests. */
export function clearMarkets(): void {
  byId.clear();
  byMatch.clear();
  listeners.clear();
}
