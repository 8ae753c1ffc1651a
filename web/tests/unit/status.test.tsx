import { act, render, screen, waitFor, within } from "@testing-library/preact";
import userEvent from "@testing-library/user-event";
import { LocationProvider } from "preact-iso";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { SystemStatus } from "../../src/api/types";
import { setAuthority } from "../../src/api/client";
import { now } from "../../src/app/clock";
import { forgetResources } from "../../src/app/resource";
import { Footer } from "../../src/components/footer";
import StatusPage from "../../src/features/status/page";
import { duration, ratePerSecond } from "../../src/features/status/words";
import { setLanguage } from "../../src/i18n";
import { Server, json, problem } from "./make";

const NOON = "2026-11-27T03:00:00Z";

let server: Server;

beforeEach(() => {
  server = new Server();
  vi.stubGlobal("fetch", server.fetch);
  setLanguage("en");
  now.value = Date.parse(NOON);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  forgetResources("status");
  setLanguage("ko");
  setAuthority({ token: () => Promise.resolve(null), renew: () => Promise.resolve(null) });
});

function status(over: Partial<SystemStatus> = {}): SystemStatus {
  const part = { cells: 2, answering: 2 };
  const audit = { lastSuccessAt: NOON, ageSeconds: 4, differences: 0 };
  return {
    state: "ok",
    reasons: [],
    measuredAt: NOON,
    parts: { account: part, betting: part, leagueSchedule: { cells: 1, answering: 1 } },
    bets: { lastMinute: 750, perSecond: 12.5, count: 123_456, since: "2026-11-26T03:00:00Z" },
    settlement: { markets: 3, oldestSeconds: 7 },
    audits: { bets: audit, points: { ...audit, ageSeconds: 130 } },
    ...over,
  };
}

function page(answer: () => Response): void {
  server.on("GET /api/status", answer);
  render(
    <LocationProvider>
      <StatusPage />
    </LocationProvider>,
  );
}

/** The panel under a heading, as text. */
function panel(heading: string): string {
  return screen.getByRole("heading", { name: heading }).closest("section")?.textContent ?? "";
}

describe("the status page", () => {
  it("tells what is measured, what it means and that all is well", async () => {
    page(() => json(status()));
    await screen.findByRole("heading", { name: "All is well" });
    expect(panel("Bets now")).toContain("12.5 a second750 in the last minute");
    expect(panel("Bets lately")).toContain("123,456 bets");
    expect(panel("Being paid out")).toContain("3 questionsThe oldest for 7 s");
    expect(panel("Check of bets")).toContain("0 differencesAll that is new was checked 4 s ago");
    expect(panel("Check of points")).toContain("0 differencesAll that is new was checked 2 min ago");
    expect(panel("Services").match(/Answers/g)).toHaveLength(3);
    expect(screen.queryByRole("list", { name: "Why" })).toBeNull();
    expect(panel("Why does 0 matter?")).toContain("always give the same");
  });

  it("says which rules made the state, each in words", async () => {
    const reasons: SystemStatus["reasons"] = ["points_differ", "settlement_late"];
    const points = { lastSuccessAt: NOON, ageSeconds: 4, differences: 2 };
    page(() => json(status({ state: "difference", reasons, audits: { bets: null, points } })));
    const why = await screen.findByRole("list", { name: "Why" });
    const told = within(why).getAllByRole("listitem");
    expect(told.map((reason) => reason.textContent)).toEqual([
      "The check of points found a difference.",
      "A question has been waiting for its payout for more than 60 seconds.",
    ]);
    expect(screen.getByText("2").className).toContain("bad");
  });

  it("has words for a reason that a newer server knows", async () => {
    page(() => json({ ...status({ state: "late" }), reasons: ["moon_phase"] }));
    expect(await screen.findByText("For a reason that this page does not know.")).toBeTruthy();
  });

  it("tells apart what is not known from what is zero", async () => {
    const parts = {
      account: { cells: 2, answering: 1 },
      betting: { cells: 1, answering: 0 },
      leagueSchedule: { cells: 1, answering: 1 },
    };
    const points = { lastSuccessAt: null, ageSeconds: null, differences: 0 };
    page(() =>
      json(
        status({
          state: "unknown",
          reasons: ["betting_unanswered", "account_unanswered"],
          parts,
          bets: null,
          settlement: null,
          audits: { bets: null, points },
        }),
      ),
    );
    await screen.findByRole("heading", { name: "Something does not answer" });
    for (const heading of ["Bets now", "Bets lately", "Being paid out", "Check of bets"]) {
      expect(panel(heading)).toContain("–");
      expect(panel(heading)).toContain("Not known");
    }
    expect(panel("Check of points")).toContain("All that is new has yet to be checked");
    expect(panel("Services")).toContain("Bets and payoutsDoes not answer");
    expect(panel("Services")).toContain("Accounts and pointsAnswers in part");
    expect(panel("Services")).toContain("Only what answers is counted.");
  });

  it("keeps its shape while it loads: all that explains is there", async () => {
    let answer: (response: Response) => void = () => undefined;
    const answered = new Promise<Response>((resolve) => (answer = resolve));
    vi.stubGlobal("fetch", () => answered);
    page(() => json(status()));
    const headings = (): (string | null)[] =>
      screen.getAllByRole("heading", { level: 2 }).map((heading) => heading.textContent);
    const [overall, ...others] = headings();
    expect(overall).toBe("Loading");
    expect(document.querySelectorAll(".skeleton").length).toBe(8);
    answer(json(status()));
    await waitFor(() => expect(headings()).toEqual(["All is well", ...others]));
    expect(document.querySelectorAll(".skeleton").length).toBe(0);
  });

  it("keeps what was known, with its age, when the server fails, and goes on when asked", async () => {
    let fails = false;
    page(() => (fails ? problem(503, "unavailable") : json(status())));
    await screen.findByText("As of 0 s ago");
    fails = true;
    await act(() => void document.dispatchEvent(new Event("visibilitychange")));
    await screen.findByText(/This could not be read again/);
    await act(() => void (now.value = Date.parse(NOON) + 75_000));
    expect(screen.getByText("This could not be read again. It is 1 min old.")).toBeTruthy();
    expect(panel("Bets now")).toContain("12.5 a second");
    fails = false;
    now.value = Date.parse(NOON);
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    await screen.findByText("As of 0 s ago");
    expect(screen.queryByRole("button", { name: "Try again" })).toBeNull();
  });

  it("says so when nothing could be read at all", async () => {
    page(() => problem(503, "unavailable"));
    await screen.findByText("Nothing could be read so far.");
    expect(screen.getByRole("button", { name: "Try again" })).toBeTruthy();
  });

  it("reads again every five seconds, but not while nobody looks", async () => {
    vi.useFakeTimers();
    const asked = (): number => server.asked.length;
    page(() => json(status()));
    await vi.advanceTimersByTimeAsync(100);
    expect(asked()).toBe(1);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asked()).toBe(3);
    const hidden = vi.spyOn(document, "visibilityState", "get").mockReturnValue("hidden");
    await vi.advanceTimersByTimeAsync(20_000);
    expect(asked()).toBe(3);
    hidden.mockReturnValue("visible");
    document.dispatchEvent(new Event("visibilitychange"));
    await vi.advanceTimersByTimeAsync(100);
    expect(asked()).toBe(4);
  });

  it("speaks Korean, and needs no token, so that it is told while nobody can log in", async () => {
    setLanguage("ko");
    setAuthority({ token: () => Promise.resolve("mine"), renew: () => Promise.resolve(null) });
    page(() => json(status()));
    await screen.findByRole("heading", { name: "모두 정상입니다" });
    expect(panel("포인트 점검")).toContain("0 건의 차이2분 전에 새 기록을 모두 확인");
    expect(server.asked[0]?.headers.get("authorization")).toBeNull();
  });
});

it("the footer leads to it", () => {
  render(<Footer />);
  expect(screen.getByRole("link", { name: "Status" }).getAttribute("href")).toBe("/status");
});

it.each([
  [0, "0 s"],
  [59.9, "59 s"],
  [60, "1 min"],
  [3_599, "59 min"],
  [3_600, "1 h"],
  [172_799, "1 d"],
])("%s seconds are %s", (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});

it.each([
  [0, "0"],
  [0.02, "0.02"],
  [9.99, "9.99"],
  [12.34, "12.3"],
  [12_345.6, "12,346"],
])("%s a second are told as %s", (rate, text) => {
  expect(ratePerSecond(rate)).toBe(text);
});
