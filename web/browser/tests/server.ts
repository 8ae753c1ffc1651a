import { randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import type { Account, Market, Match, PlacedBet, Question } from "../../src/api/types";
import { URL_OF } from "./browser";

/** Somebody who speaks to the API directly. */
export class Client {
  constructor(
    readonly username: string,
    readonly password: string,
    private readonly token: string,
  ) {}

  static async logIn(username: string, password: string): Promise<Client> {
    const { accessToken } = await call<{ accessToken: string }>("POST", "/api/account/login", {
      body: { username, password },
    });
    return new Client(username, password, accessToken);
  }

  static async signUp(): Promise<Client> {
    const [username, password] = [freshName(), "correct horse"];
    const { accessToken } = await call<{ accessToken: string }>("POST", "/api/account/signup", {
      body: { username, password },
      key: randomUUID(),
    });
    return new Client(username, password, accessToken);
  }

  private ask<T>(method: string, path: string, options: Options = {}): Promise<T> {
    return call<T>(method, path, { ...options, token: this.token });
  }

  me(): Promise<Account> {
    return this.ask("GET", "/api/account/me");
  }

  async bets(): Promise<PlacedBet[]> {
    return (await this.ask<{ items: PlacedBet[] }>("GET", "/api/betting/bets")).items;
  }

  bet(market: Market, outcome: number, stake: number): Promise<PlacedBet> {
    const outcomeId = market.outcomes[outcome]?.outcomeId;
    return this.ask("POST", "/api/betting/bets", {
      body: { marketId: market.marketId, outcomeId, stake },
      key: randomUUID(),
    });
  }

  /** Admins only: a question of one's own on a match. */
  openMarket(match: Match, question: string): Promise<Market> {
    const outcomes = [
      { ko: "네", en: "Yes" },
      { ko: "아니오", en: "No" },
    ];
    const body = { matchId: match.matchId, question: { ko: question, en: question }, outcomes };
    return this.ask("POST", "/api/betting/markets", { body, key: randomUUID() });
  }

  /** Admins only: matches of a season's file in CSV. */
  importCsv(content: string): Promise<unknown> {
    return this.ask("POST", "/api/league/import", { body: content, type: "text/csv" });
  }

  /** Admins only. */
  lock(market: Market): Promise<Market> {
    return this.ask("POST", `/api/betting/markets/${market.marketId}/lock`);
  }

  /** Admins only. */
  settle(market: Market, outcome: number): Promise<Market> {
    const outcomeId = market.outcomes[outcome]?.outcomeId;
    return this.ask("POST", `/api/betting/markets/${market.marketId}/settle`, { body: { outcomeId } });
  }
}

interface Options {
  body?: unknown;
  /** Of a body that is text; any other is JSON. */
  type?: string;
  key?: string;
  token?: string;
}

async function call<T>(method: string, path: string, { body, type, key, token }: Options = {}): Promise<T> {
  const headers: Record<string, string> = {};
  if (body !== undefined) headers["content-type"] = type ?? "application/json";
  if (key !== undefined) headers["idempotency-key"] = key;
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  const send = (): Promise<Response> =>
    fetch(new URL(path, URL_OF), {
      method,
      headers,
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
  let answer = await send();
  // A busy machine may have no time now, and says when to ask again. Everything here can be sent twice.
  while (answer.status === 503) {
    await setTimeout(1000 * Number(answer.headers.get("retry-after") ?? 1));
    answer = await send();
  }
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}

export function freshName(): string {
  return `fan_${randomUUID().replaceAll("-", "").slice(0, 12)}`;
}

export function admin(): Promise<Client> {
  const username = process.env.LOLJOA_ADMIN_USERNAME ?? "admin";
  return Client.logIn(username, process.env.LOLJOA_ADMIN_PASSWORD ?? "");
}

/** A match so far ahead that it does not begin during a test, its teams known. */
export async function distantMatch(): Promise<Match> {
  const { items } = await call<{ items: Match[] }>("GET", "/api/league/matches?state=scheduled&limit=100");
  const found = items.filter((match) => match.team1 && match.team2).at(-1);
  if (!found) throw new Error("no match is ahead: the replay is over");
  return found;
}

/** The tournament that is a bracket. */
export async function playoffs(): Promise<string> {
  const { items } = await call<{ items: { tournamentId: string; name: string }[] }>(
    "GET",
    "/api/league/tournaments",
  );
  const found = items.find((tournament) => tournament.name.endsWith("Playoffs"));
  if (!found) throw new Error("the season has no playoffs");
  return found.tournamentId;
}

/** A question about a stage whose bets are still taken, or the last one. */
export async function aQuestion(): Promise<string> {
  const { items } = await call<{ items: Question[] }>("GET", "/api/league/questions");
  const found = items.find((question) => question.state === "scheduled") ?? items.at(-1);
  if (!found) throw new Error("nothing is asked about a stage");
  return found.questionId;
}

/** A file in which a pair plays once on a day. Brought in with another slot, too, it plays twice, which is odd. */
export function cup(slot: number, opponent = "GEN"): string {
  const header = "tournament,block,date_kst,slot,best_of,team1,team2,team1_wins,team2_wins,note";
  return `${header}\nDouble Cup,Week 1,2090-01-12,${slot},3,T1,${opponent},,,\n`;
}

/** Who wins the first match of that cup, once that is asked. */
export async function whoWinsTheCup(): Promise<Market> {
  for (;;) {
    const query = "state=scheduled&from=2090-01-01T00:00:00Z";
    const { items } = await call<{ items: Match[] }>("GET", `/api/league/matches?${query}`);
    const match = items[0];
    const path = `/api/betting/markets?matchId=${match?.matchId}`;
    const markets = match ? (await call<{ items: Market[] }>("GET", path)).items : [];
    const found = markets.find((market) => market.template === "match_winner");
    if (found) return found;
    await setTimeout(100);
  }
}
