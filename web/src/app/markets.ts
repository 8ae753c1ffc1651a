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

/** The ids of a match's known markets, by what they ask; of those that ask the same, what was voided comes last. */
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

// Twice as far apart as there are templates: behind each there is room for what was voided of it.
const ORDER = { match_winner: 0, exact_score: 2, total_sets: 4, champion: 6, first: 8, custom: 10 } as const;

/** Whether every stake of a market has been given back, or is about to be. */
export const isVoid = (market: Market): boolean => market.state === "voiding" || market.state === "void";

/** Whether a market asks about a whole stage: its `matchId` is then that of a question. */
export const isSeason = (template: Market["template"] | undefined): boolean =>
  template === "champion" || template === "first";

/** The page of the match or question that a market of this template is about. */
export function contestPath(matchId: string, template: Market["template"] | undefined): string {
  return isSeason(template) ? `/questions/${matchId}` : `/matches/${matchId}`;
}

const place = (market: Market): number => ORDER[market.template] + (isVoid(market) ? 1 : 0);

const sorted = (ids: readonly string[]): string[] => {
  const placeOf = (id: string): number => {
    const known = byId.get(id)?.peek();
    return known ? place(known) : ORDER.custom;
  };
  return [...ids].sort((a, b) => placeOf(a) - placeOf(b));
};

/** Takes a snapshot; an older one than what is known is ignored, since answers overtake each other. */
export function applyMarket(next: Market): void {
  const known = byId.get(next.marketId);
  const before = known?.peek() ?? null;
  if (before && before.revision >= next.revision) return;
  if (known) known.value = next;
  else byId.set(next.marketId, signal(next));
  const ids = marketIds(next.matchId);
  if (!before) ids.value = sorted([...ids.peek(), next.marketId]);
  else if (place(before) !== place(next)) ids.value = sorted(ids.peek());
  for (const heard of listeners) heard(next, before);
}

/** Forgets everything: for tests. */
export function clearMarkets(): void {
  byId.clear();
  byMatch.clear();
  listeners.clear();
}
