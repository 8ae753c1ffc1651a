import { describe, expect, it } from "vitest";
import { backoff } from "../../src/lib/backoff";
import { contrast, mix, readableOn } from "../../src/lib/contrast";
import { odds, points, signed } from "../../src/lib/format";
import { headToHead, played, record, teamIds } from "../../src/lib/season";
import { fromKstInput, kst, kstDay, kstDayStart, ownZone, remaining, toKstInput } from "../../src/lib/time";
import { match, team } from "./make";

const TEAM_COLOURS = [
  "#E2012D",
  "#AA8A00",
  "#0EC7B5",
  "#5A8DFF",
  "#E73312",
  "#00492B",
  "#DE2027",
  "#FF0A07",
  "#FFC900",
  "#FF6B01",
];

describe("contrast", () => {
  it("agrees with WCAG", () => {
    expect(contrast("#000000", "#ffffff")).toBeCloseTo(21);
    expect(contrast("#777777", "#ffffff")).toBeCloseTo(4.48, 2);
  });

  it.each(TEAM_COLOURS)("finds a text colour with AA contrast on %s", (colour) => {
    expect(contrast(colour, readableOn(colour))).toBeGreaterThanOrEqual(4.5);
  });

  it.each(TEAM_COLOURS)("keeps the lighter or darker half of a badge as readable on %s", (colour) => {
    const ink = readableOn(colour);
    const half = mix(colour, ink === "#ffffff" ? "black" : "white", 0.14);
    expect(contrast(half, ink)).toBeGreaterThanOrEqual(contrast(colour, ink));
  });
});

describe("time", () => {
  it("is told as it is in Korea", () => {
    expect(kst("2026-11-23T10:05:00Z", "time", "ko-KR")).toBe("19:05");
    expect(kstDay(Date.parse("2026-11-23T15:00:00Z"))).toBe("2026-11-24");
    expect(new Date(kstDayStart(Date.parse("2026-11-23T14:59:59Z"))).toISOString()).toBe(
      "2026-11-22T15:00:00.000Z",
    );
  });

  it("is told in one's own zone only where that differs", () => {
    expect(ownZone("2026-11-23T10:05:00Z", "en-GB", "Asia/Seoul")).toBeNull();
    expect(ownZone("2026-11-23T10:05:00Z", "en-GB", "Asia/Tokyo")).toBeNull();
    expect(ownZone("2026-11-23T10:05:00Z", "en-GB", "Europe/Berlin")).toBe("23 Nov, 11:05 (Europe/Berlin)");
  });

  it("goes through an input and back", () => {
    expect(toKstInput("2026-11-23T10:05:00Z")).toBe("2026-11-23T19:05");
    expect(fromKstInput("2026-11-23T19:05")).toBe("2026-11-23T10:05:00.000Z");
    expect(fromKstInput("")).toBeNull();
  });

  it("is counted down to zero and no further", () => {
    expect(remaining(90_061_000, 0)).toEqual({ d: 1, h: 1, m: 1, s: 1 });
    expect(remaining(0, 5000)).toEqual({ d: 0, h: 0, m: 0, s: 0 });
  });
});

it("figures are written as people read them", () => {
  expect([points(1234567), signed(-300), signed(300), signed(0), odds(1.5), odds(null)]).toEqual([
    "1,234,567",
    "−300",
    "+300",
    "0",
    "1.50",
    "–",
  ]);
});

it("waits between attempts grow, are capped, and are never in step", () => {
  expect(backoff(1, () => 0)).toBe(250);
  expect(backoff(1, () => 1)).toBe(500);
  expect(backoff(4, () => 1)).toBe(4000);
  expect(backoff(50, () => 1)).toBe(15_000);
});

describe("a season from one team's side", () => {
  const [t1, gen, dk] = [team("T1"), team("GEN"), team("DK")];
  const over = { state: "completed" as const, team1: t1 };
  const games = [
    match({ ...over, startsAt: "2026-01-01T00:00:00Z", team2: gen, team1Wins: 2, winnerId: t1.teamId }),
    match({ ...over, startsAt: "2026-01-02T00:00:00Z", team2: dk, team2Wins: 2, winnerId: dk.teamId }),
    match({ ...over, startsAt: "2026-01-03T00:00:00Z", team2: gen, team1Wins: 2, winnerId: t1.teamId }),
    match({ team1: t1, team2: dk }),
  ];

  it("counts decided matches, latest first", () => {
    const mine = played(games, t1.teamId);
    expect(mine.map((game) => game.won)).toEqual([true, false, true]);
    expect(record(mine)).toEqual({ wins: 2, losses: 1 });
    expect(record(played(games, gen.teamId))).toEqual({ wins: 0, losses: 2 });
  });

  it("counts what a club played under a former code", () => {
    const skt = team("SKT");
    const { name, code, teamId } = skt;
    const club = { ...t1, formerly: [{ name, code, teamId }], now: null };
    const old = match({ ...over, team1: gen, team2: skt, team2Wins: 2, winnerId: skt.teamId });
    const all = played([...games, old], ...teamIds(club));
    expect(record(all)).toEqual({ wins: 3, losses: 1 });
    expect(all.find((game) => game.match === old)).toMatchObject({ opponent: gen, won: true, gamesWon: 2 });
  });

  it("knows each opponent", () => {
    const met = headToHead(played(games, t1.teamId));
    expect(met.map((one) => [one.opponent.code, record(one.games)])).toEqual([
      ["GEN", { wins: 2, losses: 0 }],
      ["DK", { wins: 0, losses: 1 }],
    ]);
  });
});
