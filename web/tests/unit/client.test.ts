import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { api, data, setAuthority } from "../../src/api/client";
import { Refused, Unanswered } from "../../src/api/errors";
import { Server, account, json, problem } from "./make";

const nobody = { token: () => Promise.resolve(null), renew: () => Promise.resolve(null) };
let server: Server;

beforeEach(() => {
  server = new Server();
  vi.stubGlobal("fetch", server.fetch);
});

afterEach(() => {
  setAuthority(nobody);
  vi.unstubAllGlobals();
});

function bearer(request: Request | undefined): string | null {
  return request?.headers.get("authorization") ?? null;
}

describe("a request", () => {
  it("carries the token", async () => {
    setAuthority({ ...nobody, token: () => Promise.resolve("one") });
    server.on("GET /api/account/me", () => json(account()));
    await data(api.GET("/api/account/me"));
    expect(bearer(server.asked[0])).toBe("Bearer one");
  });

  it("refused for its token goes again once with a new one, body and all", async () => {
    setAuthority({
      token: () => Promise.resolve("old"),
      renew: (refused) => Promise.resolve(refused === "old" ? "new" : null),
    });
    server.on("POST /api/betting/bets", () => problem(401, "token_expired"));
    server.on("POST /api/betting/bets", () => json({ betId: "b" }, 201));
    const params = { header: { "Idempotency-Key": "k" } };
    await data(
      api.POST("/api/betting/bets", { params, body: { marketId: "m", outcomeId: "o", stake: 100 } }),
    );
    expect(server.asked.map(bearer)).toEqual(["Bearer old", "Bearer new"]);
    expect(server.asked.map((request) => request.headers.get("idempotency-key"))).toEqual(["k", "k"]);
    expect(await server.asked[1]?.json()).toEqual({ marketId: "m", outcomeId: "o", stake: 100 });
  });

  it("refused again is not sent a third time", async () => {
    setAuthority({ token: () => Promise.resolve("old"), renew: () => Promise.resolve("new") });
    server.on("GET /api/account/me", () => problem(401, "token_expired"));
    await expect(data(api.GET("/api/account/me"))).rejects.toMatchObject({ status: 401 });
    expect(server.asked).toHaveLength(2);
  });

  it("without an answer says so", async () => {
    server.on("GET /api/account/me", () => Promise.reject(new TypeError("network")));
    await expect(data(api.GET("/api/account/me"))).rejects.toBeInstanceOf(Unanswered);
  });

  it("repeats an array in the query, as the server reads it", async () => {
    server.on("GET /api/betting/markets", () => json({ items: [], nextCursor: null }));
    await data(api.GET("/api/betting/markets", { params: { query: { matchId: ["a", "b"] } } }));
    expect(new URL(server.asked[0]?.url ?? "").search).toBe("?matchId=a&matchId=b");
  });
});

describe("a refusal", () => {
  it("keeps the code, the fields and when to come back", async () => {
    const errors = [{ field: "stake", message: "must be 100 or more" }];
    server.on("GET /api/account/me", () => problem(429, "rate_limited", { errors, retryAfter: 7 }));
    const error = await data(api.GET("/api/account/me")).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(Refused);
    expect(error).toMatchObject({
      code: "rate_limited",
      retryAfter: 7,
      temporary: true,
      problem: { errors },
    });
  });

  it("that is no problem document is one all the same", async () => {
    server.on("GET /api/account/me", () => new Response("<html>", { status: 502 }));
    await expect(data(api.GET("/api/account/me"))).rejects.toMatchObject({ status: 502, temporary: true });
  });
});
