import { computed, signal } from "@preact/signals";
import { cookieApi, data, api } from "../api/client";
import { Refused, Unanswered } from "../api/errors";
import type { Account, Session as SessionAnswer } from "../api/types";
import { backoff, sleep } from "../lib/backoff";
import type { Tabs } from "./tabs";

/** Only says that a session cookie is worth trying; the cookie itself cannot be seen from here. */
const HINT = "loljoa.session";
/** A token this close to its end is renewed before it is used. */
const MARGIN = 30_000;

type Phase = "restoring" | "in" | "out";

export const phase = signal<Phase>("out");
export const account = signal<Account | null>(null);
export const isAdmin = computed(() => account.value?.role === "admin");

let token: { value: string; expiresAt: number } | null = null;
let renewal: Promise<string | null> | null = null;
let tabs: Tabs;

/** What closed bets bring, by their ids, while that is not there yet. */
const due = new Map<string, number>();
let before = 0;
let looks = 0;

function adopt(value: string, expiresAt: number, who: Account): void {
  token = { value, expiresAt };
  account.value = who;
  phase.value = "in";
  localStorage.setItem(HINT, "1");
}

function forget(): void {
  token = null;
  due.clear();
  looks += 1;
  account.value = null;
  phase.value = "out";
  localStorage.removeItem(HINT);
}

function accept(answer: SessionAnswer): string {
  const expiresAt = Date.now() + answer.expiresIn * 1000;
  adopt(answer.accessToken, expiresAt, answer.account);
  tabs.tell({ kind: "session", token: answer.accessToken, expiresAt, account: answer.account });
  return answer.accessToken;
}

/** Another tab may have renewed while this one waited for its turn. */
function renewedMeanwhile(refused: string | null): string | null {
  if (token === null || token.value === refused || token.expiresAt - MARGIN < Date.now()) return null;
  return token.value;
}

async function refresh(refused: string | null): Promise<string | null> {
  const present = renewedMeanwhile(refused);
  if (present !== null) return present;
  try {
    return accept(await data(cookieApi.POST("/api/account/refresh")));
  } catch (error) {
    if (!(error instanceof Refused) || error.temporary) throw error;
    forget();
    tabs.tell({ kind: "signed-out" });
    return null;
  }
}

/** A new token for a refused one: one request at a time, in this tab and among all. */
export function renew(refused: string | null): Promise<string | null> {
  renewal ??= tabs
    .alone(() => refresh(refused))
    .finally(() => {
      renewal = null;
    });
  return renewal;
}

/** A token that is good now; null when nobody is logged in. */
export async function accessToken(): Promise<string | null> {
  if (token === null) return null;
  return token.expiresAt - MARGIN > Date.now() ? token.value : await renew(token.value);
}

/** Takes up the session of an earlier visit, trying until the server says yes or no. */
export async function restore(shared: Tabs): Promise<void> {
  tabs = shared;
  tabs.listen((message) => {
    if (message.kind === "session") adopt(message.token, message.expiresAt, message.account);
    else forget();
  });
  if (localStorage.getItem(HINT) === null) return;
  phase.value = "restoring";
  for (let attempt = 1; phase.peek() === "restoring"; attempt += 1) {
    try {
      await renew(null);
    } catch (error) {
      if (!(error instanceof Unanswered || error instanceof Refused)) throw error;
      await sleep(backoff(attempt));
    }
  }
}

export async function logIn(username: string, password: string): Promise<void> {
  accept(await data(cookieApi.POST("/api/account/login", { body: { username, password } })));
}

/** The key makes a lost answer safe: the same key and credentials open a session on the same account. */
export async function signUp(username: string, password: string, key: string): Promise<void> {
  const params = { header: { "Idempotency-Key": key } };
  accept(await data(cookieApi.POST("/api/account/signup", { params, body: { username, password } })));
}

/** The server ends every session and opens a new one here, so that this page goes on and no other does. */
export async function changePassword(currentPassword: string, newPassword: string): Promise<void> {
  accept(await data(api.POST("/api/account/password", { body: { currentPassword, newPassword } })));
}

/** Ends every session but this one, and tells how many. */
export async function endOtherSessions(): Promise<number> {
  return (await data(api.POST("/api/account/sessions/end"))).ended;
}

async function end(request: Promise<unknown>): Promise<void> {
  await request;
  forget();
  tabs.tell({ kind: "signed-out" });
}

export function logOut(): Promise<void> {
  return end(data(cookieApi.POST("/api/account/logout")));
}

export function logOutEverywhere(): Promise<void> {
  return end(data(api.POST("/api/account/logout-all")));
}

let asked = 0;

/** Reads the account again, after something moved its points. */
export async function refreshAccount(): Promise<void> {
  const mine = (asked += 1);
  if (phase.peek() !== "in") return;
  const fresh = await data(api.GET("/api/account/me"));
  if (mine === asked && account.peek()?.accountId === fresh.accountId) account.value = fresh;
}

/** How often a credit is looked for, over half a minute. */
const LOOKS = 7;
/**
 * Reads the account until what a closed bet brings is there: it is paid a moment after the bet is closed. Whoever else
 * closes meanwhile is waited for together.
 */
export async function awaitCredit(bet: { betId: string; returned: number }): Promise<void> {
  if (due.size === 0) before = account.peek()?.points ?? 0;
  due.set(bet.betId, bet.returned);
  const mine = (looks += 1);
  for (let look = 1; look <= LOOKS; look += 1) {
    await refreshAccount().catch(() => undefined);
    if (mine !== looks) return;
    const expected = [...due.values()].reduce((sum, points) => sum + points, before);
    if ((account.peek()?.points ?? 0) >= expected) break;
    await sleep(backoff(look));
    if (mine !== looks) return;
  }
  due.clear();
}
