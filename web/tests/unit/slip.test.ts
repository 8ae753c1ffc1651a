import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { applyMarket, clearMarkets } from "../../src/app/markets";
import { clearOpenBets, openBets } from "../../src/app/own-bets";
import { account } from "../../src/app/session";
import { busy, check, choose, clear, confirm, phase, pick, resume, stake } from "../../src/app/slip";
import { account as someone, Server, bet, json, market, problem } from "./make";

const BETS = "POST /api/betting/bets";
const me = someone();
const question = market();
const chosen = {
  matchId: question.matchId,
  marketId: question.marketId,
  outcomeId: question.outcomes[0]?.outcomeId ?? "",
};
let server: Server;

beforeEach(() => {
  vi.useFakeTimers();
  server = new Server();
  vi.stubGlobal("fetch", server.fetch);
  account.value = me;
  clearMarkets();
  clearOpenBets();
  applyMarket(question);
  clear();
  choose(chosen);
  stake.value = 500;
});

afterEach(() => {
  clear();
  account.value = null;
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const lost = (): Promise<Response> => Promise.reject(new TypeError("network"));
const keys = (): (string | null)[] =>
  server.to("/api/betting/bets").map((request) => request.headers.get("idempotency-key"));
const kept = (): unknown => JSON.parse(sessionStorage.getItem("loljoa.intent") ?? "null");

describe("a confirmed bet", () => {
  it("is sent once, and its key forgotten with the answer", async () => {
    server.on(BETS, () => json(bet({ ...question, revision: 2, pool: 1500 }, 500), 201));
    await confirm();
    expect(phase.value.kind).toBe("accepted");
    expect(keys()).toHaveLength(1);
    expect(kept()).toBeNull();
    expect(openBets.value.map((one) => one.stake)).toEqual([500]);
  });

  it("goes again with the same key until it is answered", async () => {
    server.on(BETS, lost).on(BETS, lost);
    server.on(BETS, () => json(bet(question, 500), 201));
    const sending = confirm();
    await vi.advanceTimersByTimeAsync(100);
    expect(phase.value).toEqual({ kind: "waiting", why: "lost" });
    expect(kept()).toMatchObject({ ...chosen, stake: 500, accountId: me.accountId });
    await vi.advanceTimersByTimeAsync(5000);
    await sending;
    expect(phase.value.kind).toBe("accepted");
    expect(new Set(keys()).size).toBe(1);
    expect(keys()).toHaveLength(3);
  });

  it("waits as long as an overloaded server asks for", async () => {
    server.on(BETS, () => problem(429, "overloaded", { retryAfter: 5 }));
    server.on(BETS, () => json(bet(question, 500), 201));
    const sending = confirm();
    await vi.advanceTimersByTimeAsync(4900);
    expect(phase.value).toEqual({ kind: "waiting", why: "busy" });
    expect(keys()).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(200);
    await sending;
    expect(phase.value.kind).toBe("accepted");
  });

  it("cannot be changed, doubled or replaced while it is unanswered", async () => {
    server.on(BETS, lost);
    const sending = confirm();
    await vi.advanceTimersByTimeAsync(100);
    expect(busy.value).toBe(true);
    await confirm();
    choose({ ...chosen, outcomeId: "other" });
    expect(pick.value?.outcomeId).toBe(chosen.outcomeId);
    await vi.advanceTimersByTimeAsync(120_000);
    await sending;
    expect(phase.value.kind).toBe("stalled");
    expect(new Set(keys()).size).toBe(1);
  });

  it("that stalled can be checked by hand, still with its key", async () => {
    server.on(BETS, lost);
    const sending = confirm();
    await vi.advanceTimersByTimeAsync(120_000);
    await sending;
    const before = keys().length;
    server = new Server().on(BETS, () => json(bet(question, 500), 201));
    vi.stubGlobal("fetch", server.fetch);
    await check();
    expect(before).toBeGreaterThan(1);
    expect(keys()).toEqual([expect.any(String)]);
    expect(phase.value.kind).toBe("accepted");
  });

  it("given up is not sent again", async () => {
    server.on(BETS, lost);
    const sending = confirm();
    await vi.advanceTimersByTimeAsync(100);
    const before = keys().length;
    clear();
    await vi.advanceTimersByTimeAsync(60_000);
    await sending;
    expect(keys()).toHaveLength(before);
    expect(phase.value.kind).toBe("editing");
  });
});

describe("a refused bet", () => {
  it("says why in plain words, and the next one has a new key", async () => {
    server.on(BETS, () => problem(409, "market_locked"));
    await confirm();
    expect(phase.value).toEqual({
      kind: "refused",
      text: "베팅이 마감되었습니다. 포인트는 빠져나가지 않았습니다.",
    });
    expect(kept()).toBeNull();
    await confirm();
    expect(new Set(keys()).size).toBe(2);
  });

  it("for a session that is over keeps its key for the next login", async () => {
    server.on(BETS, () => problem(401, "token_expired"));
    await confirm();
    expect(phase.value.kind).toBe("refused");
    expect(kept()).toMatchObject({ accountId: me.accountId });
  });
});

describe("after a reload", () => {
  const leave = (over: object = {}): void =>
    sessionStorage.setItem(
      "loljoa.intent",
      JSON.stringify({ ...chosen, key: "k", accountId: me.accountId, stake: 300, at: Date.now(), ...over }),
    );

  it("an unanswered bet goes on with its key", async () => {
    leave();
    server.on(BETS, () => json(bet(question, 300), 201));
    await resume();
    expect(keys()).toEqual(["k"]);
    expect(phase.value.kind).toBe("accepted");
  });

  it("an old one waits for a hand", async () => {
    leave({ at: Date.now() - 3_600_000 });
    await resume();
    expect(keys()).toEqual([]);
    expect([phase.value.kind, stake.value]).toEqual(["stalled", 300]);
  });

  it("one of somebody else is dropped", async () => {
    leave({ accountId: "another" });
    await resume();
    expect([keys(), kept()]).toEqual([[], null]);
  });
});
