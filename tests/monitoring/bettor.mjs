// Somebody who uses the API in the ways that demo bettors do not: looks at one market, listens, asks twice, asks for what cannot be.
import { randomUUID } from "node:crypto";

/** Bets until `signal` says that it is enough. */
export async function bets(edge, signal) {
  const credentials = { username: `probe_${randomUUID().slice(0, 8)}`, password: randomUUID() };
  const { accessToken } = await call(edge, "POST", "/api/account/signup", { body: credentials });
  const authorization = { authorization: `Bearer ${accessToken}` };
  listen(edge, authorization, signal);
  while (!signal.aborted) {
    const [market] = await openMarkets(edge);
    if (market) {
      await call(edge, "GET", `/api/betting/markets/${market.marketId}`);
      const body = { marketId: market.marketId, outcomeId: market.outcomes[0].outcomeId, stake: 100 };
      const headers = { ...authorization, "idempotency-key": randomUUID() };
      await call(edge, "POST", "/api/betting/bets", { headers, body });
      await call(edge, "POST", "/api/betting/bets", { headers, body });
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function openMarkets(edge) {
  const { items } = await call(edge, "GET", "/api/league/matches?state=scheduled&limit=5");
  const [match] = items;
  if (!match) return [];
  const markets = await call(edge, "GET", `/api/betting/markets?matchId=${match.matchId}`);
  return markets.items.filter((market) => market.state === "open");
}

/** A stream of events that is read and forgotten. */
async function listen(edge, headers, signal) {
  try {
    const { items } = await call(edge, "GET", "/api/league/matches?state=scheduled&limit=1");
    const stream = await fetch(`${edge}/api/betting/stream?matchId=${items[0].matchId}`, { headers, signal });
    for await (const _ of stream.body);
  } catch (error) {
    if (!signal.aborted) console.error(`the stream of events ended: ${error.message}`);
  }
}

/** An answer's JSON. A refusal is an answer, too: markets close while one looks. */
async function call(edge, method, path, { headers = {}, body } = {}) {
  const sent = body && JSON.stringify(body);
  const type = sent ? { "content-type": "application/json" } : {};
  const keys = method === "POST" ? { "idempotency-key": randomUUID() } : {};
  const answer = await fetch(edge + path, { method, headers: { ...keys, ...type, ...headers }, body: sent });
  if (answer.status >= 500) throw new Error(`${method} ${path}: ${answer.status}`);
  return answer.json();
}
