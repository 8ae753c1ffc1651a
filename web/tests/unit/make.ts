import type {
  Account,
  Market,
  Match,
  Outcome,
  PlacedBet,
  Question,
  Stage,
  Standing,
  Team,
} from "../../src/api/types";

let last = 0;

/** A fresh id that reads as one. */
export function id(): string {
  last += 1;
  return `00000000-0000-4000-8000-${String(last).padStart(12, "0")}`;
}

export function team(code: string, colour = "#e2012d"): Team {
  return { teamId: id(), code, name: { en: `${code} team`, ko: `${code} 팀` }, colour };
}

export function match(over: Partial<Match> = {}): Match {
  return {
    matchId: id(),
    tournamentId: id(),
    tournament: "LCK 2022 Spring",
    block: "Week 1",
    startsAt: "2026-11-23T10:00:00Z",
    bestOf: 3,
    state: "scheduled",
    team1: team("T1"),
    team2: team("GEN", "#aa8a00"),
    team1Wins: 0,
    team2Wins: 0,
    winnerId: null,
    forfeitedById: null,
    needsReview: false,
    revision: 1,
    ...over,
  };
}

export function standing(code: string, over: Partial<Standing> = {}): Standing {
  return {
    rank: 1,
    team: team(code),
    wins: 0,
    losses: 0,
    gameWins: 0,
    gameLosses: 0,
    gameDifference: 0,
    group: null,
    fate: "open",
    ...over,
  };
}

export function stage(over: Partial<Stage> = {}): Stage {
  return {
    name: "Regular Season",
    kind: "double_round_robin",
    tiebreakers: ["gameDifference", "tiebreakerMatch", "headToHead"],
    carries: [],
    tables: [{ group: null, standings: [standing("T1"), standing("GEN")] }],
    rounds: [],
    champion: null,
    ...over,
  };
}

export function question(over: Partial<Question> = {}): Question {
  return {
    questionId: id(),
    tournamentId: id(),
    tournament: "LCK 2022 Spring",
    stage: "Playoffs",
    group: null,
    kind: "champion",
    state: "scheduled",
    startsAt: "2026-11-23T10:00:00Z",
    candidates: [team("DRX"), team("GEN", "#aa8a00"), team("T1")],
    winnerId: null,
    revision: 1,
    ...over,
  };
}

export function outcome(key: string, pool: number, odds: number | null): Outcome {
  return {
    outcomeId: id(),
    key,
    label: { en: `${key} team`, ko: `${key} 팀` },
    pool,
    odds,
    bettors: pool > 0 ? 2 : 0,
    topBettor: null,
  };
}

export function market(over: Partial<Market> = {}): Market {
  return {
    marketId: id(),
    matchId: id(),
    template: "match_winner",
    question: { en: "Who wins?", ko: "누가 이길까요?" },
    state: "open",
    lockAt: "2026-11-23T10:00:00Z",
    cancelUntil: "2026-11-23T09:55:00Z",
    pool: 1000,
    outcomes: [outcome("T1", 600, 1.66), outcome("GEN", 400, 2.5)],
    settledOutcomeId: null,
    voidReason: null,
    revision: 1,
    ...over,
  };
}

export function account(over: Partial<Account> = {}): Account {
  return {
    accountId: id(),
    username: "페이커팬",
    role: "user",
    tier: "bronze",
    points: 1500,
    staked: 0,
    profit: 0,
    rank: 1,
    createdAt: "2026-11-01T00:00:00Z",
    ...over,
  };
}

export function bet(on: Market, stake: number): PlacedBet {
  return {
    betId: id(),
    marketId: on.marketId,
    matchId: on.matchId,
    outcomeId: on.outcomes[0]?.outcomeId ?? "",
    state: "accepted",
    stake,
    odds: 1.5,
    placedOdds: 1.5,
    potentialPayout: Math.floor(stake * 1.5),
    returned: 0,
    placedAt: "2026-11-23T09:00:00Z",
    closedAt: null,
    market: on,
  };
}

export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/json", ...headers },
  });
}

export function problem(status: number, code: string, over: object = {}): Response {
  const body = {
    type: `urn:loljoa:problem:${code}`,
    title: "",
    status,
    detail: code,
    code,
    errors: [],
    ...over,
  };
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/problem+json" },
  });
}

/** A server that answers by method and path, and remembers what it was asked. */
export class Server {
  readonly asked: Request[] = [];
  readonly #answers = new Map<string, ((request: Request) => Response | Promise<Response>)[]>();

  /** The next answer for a route; the last one given stays. */
  on(route: string, answer: (request: Request) => Response | Promise<Response>): this {
    this.#answers.set(route, [...(this.#answers.get(route) ?? []), answer]);
    return this;
  }

  readonly fetch = (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init);
    this.asked.push(request.clone());
    const route = `${request.method} ${new URL(request.url).pathname}`;
    const answers = this.#answers.get(route) ?? [];
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    return answer ? Promise.resolve(answer(request)) : Promise.reject(new Error(`nobody answers ${route}`));
  };

  to(path: string): Request[] {
    return this.asked.filter((request) => new URL(request.url).pathname === path);
  }
}
