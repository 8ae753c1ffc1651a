import { effect } from "@preact/signals";
import { api, authorised, data } from "../api/client";
import type { Bet, Market } from "../api/types";
import { pick, t } from "../i18n";
import { points, signed } from "../lib/format";
import { setServerTime } from "./clock";
import { nameOf } from "./matches";
import { applyMarket, isSeason, market as find, onMarket } from "./markets";
import { notify, permission } from "./notices";
import { applyBet, clearOpenBets, loadOpenBets, openBets, ownMarkets } from "./own-bets";
import { account, awaitCredit, phase, refreshAccount } from "./session";
import { resume } from "./slip";
import { LiveStream } from "./stream";

/** A hidden page keeps its connection this long, unless it may notify. */
const HIDDEN = 60_000;

/** What a market is about, in a few words. A question about a stage is no match that could be asked for. */
async function contestName({ marketId, matchId }: Pick<Market, "marketId" | "matchId">): Promise<string> {
  const known = find(marketId)?.peek();
  return known && isSeason(known.template) ? pick(known.question) : nameOf(matchId);
}

async function announce(bet: Bet): Promise<void> {
  const words = t().notice;
  const name = await contestName(bet);
  const stake = points(bet.stake);
  if (bet.state === "won") {
    notify(
      "good",
      words.won(name),
      words.wonText(points(bet.returned), signed(bet.returned - bet.stake)),
      "/bets",
    );
  } else if (bet.state === "lost") notify("bad", words.lost(name), words.lostText(stake), "/bets");
  else if (bet.state === "void") notify("plain", words.void(name), words.voidText(stake), "/bets");
  else if (bet.state === "refunded") notify("plain", words.refunded(name), words.voidText(stake), "/bets");
}

function heardBet(bet: Bet): void {
  const wasOpen = openBets.peek().some((one) => one.betId === bet.betId);
  applyBet(bet);
  void (bet.returned > 0 ? awaitCredit(bet) : refreshAccount().catch(() => undefined));
  if (wasOpen || bet.state !== "cancelled") void announce(bet);
}

function onEvent(name: string, value: unknown): void {
  if (name === "hello") setServerTime((value as { serverTime: string }).serverTime);
  else if (name === "market") applyMarket(value as Market);
  else if (name === "resync") void catchUp().catch(() => undefined);
  else if (["accepted", "settled", "voided", "cancelled", "refunded"].includes(name)) heardBet(value as Bet);
}

export const stream = new LiveStream({
  connect: (matchIds, signal) => {
    const query = new URLSearchParams(matchIds.map((id) => ["matchId", id]));
    const url = new URL(`/api/betting/stream?${query.toString()}`, location.origin);
    return authorised(new Request(url, { headers: { accept: "text/event-stream" }, signal }));
  },
  onEvent,
});

/** What happened while nothing could be heard: bets that were open and are not any more. */
async function catchUp(): Promise<void> {
  const before = openBets.peek();
  await Promise.all([loadOpenBets(), refreshAccount()]);
  const still = new Set(openBets.peek().map((bet) => bet.betId));
  for (const { betId } of before.filter((bet) => !still.has(bet.betId))) {
    heardBet(await data(api.GET("/api/betting/bets/{betId}", { params: { path: { betId } } })));
  }
}

/** The first request of a Korean day brings points: after a login the account is read anew, and a grant is told. */
async function greet(): Promise<void> {
  const before = account.peek()?.points ?? 0;
  await refreshAccount();
  if ((account.peek()?.points ?? 0) <= before) return;
  const { items } = await data(api.GET("/api/account/me/transfers", { params: { query: { limit: 1 } } }));
  const [latest] = items;
  if (latest?.kind !== "daily_grant") return;
  notify("good", t().notice.daily, t().notice.dailyText(points(latest.points)), "/bets");
}

function announceLocks(): void {
  let last = "";
  onMarket((market, before) => {
    if (before?.state !== "open" || market.state !== "locked") return;
    if (!ownMarkets.peek().has(market.marketId) || last === market.matchId) return;
    last = market.matchId;
    const words = t().notice;
    void contestName(market).then((name) => notify("plain", words.locked(name), words.lockedText, "/bets"));
  });
}

function followVisibility(): void {
  let hidden: ReturnType<typeof setTimeout> | undefined;
  document.addEventListener("visibilitychange", () => {
    clearTimeout(hidden);
    if (document.visibilityState === "visible") {
      stream.pause(false);
      stream.hurry();
    } else if (permission.peek() !== "granted") {
      hidden = setTimeout(() => stream.pause(true), HIDDEN);
    }
  });
  addEventListener("online", () => stream.hurry());
}

/** Binds the stream, the session and the stores. */
export function startLive(): void {
  let who: string | null = null;
  effect(() => {
    const now = phase.value === "in" ? (account.value?.accountId ?? null) : null;
    if (now === who) return;
    who = now;
    clearOpenBets();
    stream.followOwn(now !== null);
    if (now !== null) {
      void loadOpenBets().catch(() => undefined);
      void greet().catch(() => undefined);
      void resume();
    }
  });
  let lost = false;
  effect(() => {
    const link = stream.link.value;
    if (link === "reconnecting" || link === "idle") lost = true;
    else if (link === "open" && lost) {
      lost = false;
      if (phase.peek() === "in") void catchUp().catch(() => undefined);
    }
  });
  announceLocks();
  followVisibility();
}
