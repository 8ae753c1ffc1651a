// Somebody who uses the API in the ways that demo bettors do not: looks at one market, listens, asks twice, asks for what cannot be.
import { randomBytes, randomUUID } from "node:crypto";

const METHODS = ["get", "post", "put", "patch", "delete"];

/** Bets until `signal` says that it is enough. `began` is told the trace of each bet. */
export async function bets(edge, signal, began) {
  const credentials = { username: `probe_${randomUUID().slice(0, 8)}`, password: randomUUID() };
  const { accessToken } = await call(edge, "POST", "/api/account/signup", { body: credentials });
  const authorization = { authorization: `Bearer ${accessToken}` };
  listen(edge, authorization, signal);
  const bet = (market, key) => {
    const body = { marketId: market.marketId, outcomeId: market.outcomes[0].outcomeId, stake: 100 };
    const trace = randomBytes(16).toString("hex");
    const traceparent = `00-${trace}-${randomBytes(8).toString("hex")}-01`;
    began(trace);
    return call(edge, "POST", "/api/betting/bets", {
      headers: { ...authorization, traceparent, "idempotency-key": key },
      body,
    });
  };
  while (!signal.aborted) {
    const [next, last] = [await openMarket(edge, 0), await openMarket(edge, -1)];
    if (next) {
      await call(edge, "GET", `/api/betting/markets/${next.marketId}`);
      const key = randomUUID();
      await bet(next, key);
      await bet(next, key);
    }
    if (last) {
      // Cancelling ends some minutes before a match; the last one is far enough away.
      const { betId } = await bet(last, randomUUID());
      if (betId) await call(edge, "DELETE", `/api/betting/bets/${betId}`, { headers: authorization });
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** Asks for everything that the API has, as a stranger: whatever is counted by route is counted then. */
export async function asksForEverything(edge, document) {
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const method of Object.keys(operations).filter((key) => METHODS.includes(key))) {
      const answer = await fetch(edge + path.replaceAll(/\{[^}]+\}/g, randomUUID()), {
        method: method.toUpperCase(),
      });
      await answer.body?.cancel();
    }
  }
}

/** A market of the match at this place among those to come. */
async function openMarket(edge, at) {
  const { items } = await call(edge, "GET", "/api/league/matches?state=scheduled&limit=100");
  const match = items.at(at);
  if (!match) return undefined;
  const markets = await call(edge, "GET", `/api/betting/markets?matchId=${match.matchId}`);
  return markets.items.find((market) => market.state === "open");
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
