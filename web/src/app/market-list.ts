import { api, data } from "../api/client";
import { applyMarket } from "./markets";

/** Reads the markets of these matches or questions. Those that are over are not streamed: they are read once. */
export async function loadMarkets(matchIds: readonly string[]): Promise<true> {
  let cursor: string | undefined;
  do {
    const query = { matchId: [...matchIds], limit: 100, ...(cursor ? { cursor } : {}) };
    const page = await data(api.GET("/api/betting/markets", { params: { query } }));
    for (const market of page.items) applyMarket(market);
    cursor = page.nextCursor ?? undefined;
  } while (cursor);
  return true;
}
