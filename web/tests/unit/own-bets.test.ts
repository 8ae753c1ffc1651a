import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { clearMarkets } from "../../src/app/markets";
import { applyBet, clearOpenBets, loadOpenBets, onOwnBet, openBets } from "../../src/app/own-bets";
import { account, awaitCredit, phase } from "../../src/app/session";
import { Server, account as someone, bet, json, market } from "./make";

const BETS = "GET /api/betting/bets";
const ME = "GET /api/account/me";
const question = market();
let server: Server;

beforeEach(() => {
  server = new Server();
  vi.stubGlobal("fetch", server.fetch);
  clearMarkets();
  clearOpenBets();
});

afterEach(() => {
  account.value = null;
  phase.value = "out";
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** An answer that is given when the story says so. */
function held(): { answer: () => Promise<Response>; give: (response: Response) => void } {
  let give: (response: Response) => void = () => undefined;
  const answer = new Promise<Response>((resolve) => (give = resolve));
  return { answer: () => answer, give: (response) => give(response) };
}

const shown = (): string[] => openBets.value.map(({ betId }) => betId);

describe("one's open bets", () => {
  it("are the same, whether the list or the bet's own answer comes first", async () => {
    const [earlier, placed] = [bet(question, 100), bet(question, 200)];
    const list = held();
    server.on(BETS, list.answer);
    const loading = loadOpenBets();
    applyBet(placed);
    list.give(json({ items: [earlier], nextCursor: null }));
    await loading;
    expect(new Set(shown())).toEqual(new Set([earlier.betId, placed.betId]));
  });

  it("are nobody else's when the list comes after another login", async () => {
    const list = held();
    server.on(BETS, list.answer);
    const loading = loadOpenBets();
    clearOpenBets();
    list.give(json({ items: [bet(question, 100)], nextCursor: null }));
    await loading;
    expect(shown()).toEqual([]);
  });

  it("are told of by whoever knows first", () => {
    const heard = vi.fn();
    const stop = onOwnBet(heard);
    const cancelled = { ...bet(question, 100), state: "cancelled" as const };
    applyBet(cancelled);
    stop();
    applyBet(cancelled);
    expect(heard).toHaveBeenCalledExactlyOnceWith(cancelled);
  });
});

describe("what a closed bet brings", () => {
  const me = someone({ points: 1000 });
  const having = (points: number) => () => json({ ...me, points });

  beforeEach(() => {
    vi.useFakeTimers();
    account.value = me;
    phase.value = "in";
  });

  it("is looked for until it is there", async () => {
    server.on(ME, having(1000)).on(ME, having(1000)).on(ME, having(1700));
    const waiting = awaitCredit({ betId: "one", returned: 700 });
    await vi.advanceTimersByTimeAsync(60_000);
    await waiting;
    expect(account.value?.points).toBe(1700);
    expect(server.asked).toHaveLength(3);
  });

  it("is waited for together when several bets close, however often one is told of", async () => {
    server.on(ME, having(1000)).on(ME, having(1300)).on(ME, having(1300)).on(ME, having(2000));
    const credits = [
      { betId: "one", returned: 300 },
      { betId: "two", returned: 700 },
      { betId: "one", returned: 300 },
    ];
    const waiting = credits.map((credit) => awaitCredit(credit));
    await vi.advanceTimersByTimeAsync(60_000);
    await Promise.all(waiting);
    expect(account.value?.points).toBe(2000);
  });

  it("is not looked for any more after half a minute", async () => {
    server.on(ME, having(1000));
    const waiting = awaitCredit({ betId: "one", returned: 700 });
    await vi.advanceTimersByTimeAsync(60_000);
    await waiting;
    expect(server.asked).toHaveLength(7);
  });
});
