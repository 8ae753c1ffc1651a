import { api, data } from "../../api/client";
import type { PlacedBet, StatementLine } from "../../api/types";
import { applyMarket } from "../../app/markets";

/** A page-by-page list as far as it has been read. */
export interface Listed<T> {
  items: T[];
  more: boolean;
}

const PAGE = 30;

/** One's closed bets, newest first. */
export async function loadHistory(most: number): Promise<Listed<PlacedBet>> {
  const items: PlacedBet[] = [];
  let cursor: string | undefined;
  do {
    const query = { limit: 100, ...(cursor ? { cursor } : {}) };
    const page = await data(api.GET("/api/betting/bets", { params: { query } }));
    for (const bet of page.items) applyMarket(bet.market);
    items.push(...page.items.filter((bet) => bet.state !== "accepted"));
    cursor = page.nextCursor ?? undefined;
  } while (cursor && items.length < most);
  return { items: items.slice(0, most), more: cursor !== undefined || items.length > most };
}

/** One's statement, newest first. */
export async function loadStatement(most: number): Promise<Listed<StatementLine>> {
  const items: StatementLine[] = [];
  let cursor: string | undefined;
  do {
    const query = { limit: 100, ...(cursor ? { cursor } : {}) };
    const page = await data(api.GET("/api/account/me/transfers", { params: { query } }));
    items.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor && items.length < most);
  return { items: items.slice(0, most), more: cursor !== undefined || items.length > most };
}

export { PAGE };

/** The balance after each line, oldest first, so that the last one is the present balance. */
export function balances(lines: readonly StatementLine[], present: number): number[] {
  const found = [present];
  let balance = present;
  for (const line of lines) {
    balance -= line.points;
    found.push(balance);
  }
  return found.reverse();
}

/** What a closed bet did to one's points. A refund is neither profit nor loss. */
export function net(bet: { state: string; stake: number; returned: number }): number {
  return bet.state === "won" || bet.state === "lost" ? bet.returned - bet.stake : 0;
}
