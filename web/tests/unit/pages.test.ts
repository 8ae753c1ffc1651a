import { describe, expect, it } from "vitest";
import { contestPath } from "../../src/app/markets";
import { presentTournament } from "../../src/app/matches";
import { Refused, Unanswered } from "../../src/api/errors";
import { fieldFault, inWords } from "../../src/app/refusals";
import { readAnswers } from "../../src/features/admin/ask";
import { destination, passwordFault, usernameFault } from "../../src/features/auth/rules";
import { balances, net } from "../../src/features/bets/data";
import { path } from "../../src/features/bets/chart";
import { blocksOf } from "../../src/features/home/weeks";
import { match } from "./make";

describe("names and passwords", () => {
  it.each(["페이커팬", "faker_1", "abc", "a".repeat(20)])("%s is a name", (name) => {
    expect(usernameFault(name)).toBe(false);
  });

  it.each(["ab", "a".repeat(21), "has space", "ㅋㅋㅋ", "naïve", "bell\u0007", "\u3000\u3000\u3000"])(
    "%j is none",
    (name) => {
      expect(usernameFault(name)).toBe(true);
    },
  );

  it("are counted in characters, not in bytes", () => {
    expect(passwordFault("비밀번호가여덟자")).toBe(false);
    expect(passwordFault("short")).toBe(true);
    expect(passwordFault("x".repeat(129))).toBe(true);
  });
});

it("after logging in one only ever goes to a page of this app", () => {
  expect(destination("/bets")).toBe("/bets");
  for (const bad of [
    undefined,
    "https://evil.example",
    "//evil.example",
    "/\\evil.example",
    "/login?to=/bets",
  ]) {
    expect(destination(bad)).toBe("/");
  }
});

describe("one's points", () => {
  const line = (points: number) => ({
    transferId: "t",
    kind: "stake",
    points,
    marketId: null,
    betId: null,
    correctsTransferId: null,
    createdAt: "2026-11-23T10:00:00Z",
  });

  it("are led back from the present balance", () => {
    expect(balances([line(-500), line(500), line(1000)], 1000)).toEqual([0, 1000, 1500, 1000]);
  });

  it("won or lost are net of the stake, and a refund is neither", () => {
    expect(net({ state: "won", stake: 500, returned: 830 })).toBe(330);
    expect(net({ state: "lost", stake: 500, returned: 0 })).toBe(-500);
    expect(net({ state: "void", stake: 500, returned: 500 })).toBe(0);
    expect(net({ state: "cancelled", stake: 500, returned: 500 })).toBe(0);
  });

  it("that never moved are drawn as a level line", () => {
    expect(path([100, 100])).toBe("M0.0 114.0L600.0 114.0");
  });
});

it("an admin's answers are read line by line, in both languages or one", () => {
  expect(readAnswers("네 | Yes\n\n 아니오\n|only english")).toEqual([
    { ko: "네", en: "Yes" },
    { ko: "아니오", en: "아니오" },
  ]);
});

it("a season's weeks come in the order they are played", () => {
  const weeks = ["Week 1", "Week 1", "Week 2", "Tiebreakers"].map((block) => match({ block }));
  expect(blocksOf(weeks)).toEqual(["Week 1", "Week 2", "Tiebreakers"]);
});

it("the tournament under way is shown first, then the next, then the last", () => {
  const tournament = (name: string, first: string, last: string) => ({
    tournamentId: name,
    name,
    source: "file" as const,
    replayState: null,
    firstMatchAt: `2026-${first}T08:00:00Z`,
    lastMatchAt: `2026-${last}T11:00:00Z`,
    matches: 1,
  });
  const all = [tournament("summer", "06-10", "08-20"), tournament("spring", "01-10", "03-20")];
  const at = (day: string) => presentTournament(all, Date.parse(`2026-${day}T12:00:00Z`))?.name;
  expect([at("02-01"), at("03-20"), at("04-01"), at("07-01"), at("12-01")]).toEqual([
    "spring",
    "spring",
    "summer",
    "summer",
    "summer",
  ]);
  expect(presentTournament([], 0)).toBeUndefined();
});

describe("a failure in plain words", () => {
  const refused = (status: number, code: string, retryAfter: number | null = null): Refused =>
    new Refused(status, { type: "", title: "", status, detail: "", code, errors: [] }, retryAfter);

  it("is known by its code, else by its status", () => {
    expect(inWords(refused(409, "market_locked"))).toContain("마감");
    expect(inWords(refused(409, "something_new"))).toBe("요청이 거절되었습니다.");
    expect(inWords(refused(503, "something_new"))).toContain("잠시 쓸 수 없습니다");
    expect(inWords(refused(429, "log_in_throttled", 30))).toContain("30초");
    expect(inWords(new Unanswered(null))).toContain("응답을 받지 못했습니다");
  });

  it("of one field is found", () => {
    const problem = { type: "", title: "", status: 400, detail: "", code: "x" };
    const error = new Refused(400, { ...problem, errors: [{ field: "stake", message: "too small" }] }, null);
    expect(fieldFault(error, "stake")).toBe("too small");
    expect(fieldFault(error, "other")).toBeNull();
  });
});

it.each([
  ["champion", "/questions/7"],
  ["first", "/questions/7"],
  ["match_winner", "/matches/7"],
  ["custom", "/matches/7"],
  [undefined, "/matches/7"],
] as const)("a market of the template %s is shown at %s", (template, path) => {
  expect(contestPath("7", template)).toBe(path);
});
