import { render, screen, waitFor } from "@testing-library/preact";
import userEvent from "@testing-library/user-event";
import { LocationProvider, Route, Router } from "preact-iso";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Market, Question, Tournament } from "../../src/api/types";
import { applyMarket, clearMarkets } from "../../src/app/markets";
import { forgetResources } from "../../src/app/resource";
import { account, phase } from "../../src/app/session";
import { dismiss, notices } from "../../src/app/notices";
import { clear, pick } from "../../src/app/slip";
import { stream } from "../../src/app/live";
import { SeasonBets } from "../../src/features/home/season-bets";
import { MatchDesk } from "../../src/features/admin/match-desk";
import QuestionPage from "../../src/features/questions/page";
import { setLanguage } from "../../src/i18n";
import { Server, account as someone, bet, id, json, market, outcome, problem, question } from "./make";

let server: Server;

beforeEach(() => {
  server = new Server().on("GET /api/betting/stream", () => new Promise(() => undefined));
  vi.stubGlobal("fetch", server.fetch);
  clearMarkets();
  clear();
});

afterEach(() => {
  history.replaceState(null, "", "/");
  forgetResources("");
  account.value = null;
  phase.value = "out";
  vi.unstubAllGlobals();
  setLanguage("ko");
});

const answers = [outcome("DRX", 100, 10), outcome("GEN", 300, 3.33), outcome("T1", 600, 1.66)];

/** A market that asks this question. */
function asks({ questionId, kind }: Question, over: Partial<Market> = {}): Market {
  const words = { en: "LCK 2022 Spring Playoffs: who wins it?", ko: "LCK 2022 Spring Playoffs 우승팀" };
  return market({ matchId: questionId, template: kind, question: words, outcomes: answers, ...over });
}

/** A league with these questions, and these markets of them. */
function serve(questions: Question[], markets: Market[]): void {
  server
    .on("GET /api/league/questions", () => json({ items: questions, nextCursor: null }))
    .on("GET /api/betting/markets", () => json({ items: markets, nextCursor: null }));
}

/** The page of a question. */
async function show(shown: Question, markets: Market[] = []): Promise<void> {
  serve([question({ stage: "Groups" }), shown], markets);
  await open(shown.questionId);
}

async function open(questionId: string): Promise<void> {
  history.replaceState(null, "", `/questions/${questionId}`);
  render(
    <LocationProvider>
      <Router>{[<Route key="question" path="/questions/:questionId" component={QuestionPage} />]}</Router>
    </LocationProvider>,
  );
  await waitFor(() => expect(document.querySelector(".market, .panel.muted, .empty")).not.toBeNull());
}

const none = (): string | null | undefined => document.querySelector(".panel.muted")?.textContent;

describe("the page of a question", () => {
  it("says what is asked, until when, and offers every team under its badge", async () => {
    const shown = question();
    const asked = asks(shown, { lockAt: "2026-11-23T09:58:00Z" });
    await show(shown, [asked]);
    expect(screen.getByRole("heading", { level: 1 }).textContent).toBe("누가 우승할까?");
    expect(document.querySelector(".question-head p")?.textContent).toBe("LCK 2022 Spring · 플레이오프");
    expect(document.querySelector("time")?.dateTime).toBe(asked.lockAt);
    expect(screen.getByRole("timer")).toBeTruthy();
    const buttons = [...document.querySelectorAll("button.outcome")];
    expect(buttons.map((one) => one.querySelector(".badge")?.textContent)).toEqual(["DRX", "GEN", "T1"]);
    expect(none()).toBeUndefined();
    await userEvent.click(screen.getByRole("button", { name: /T1 팀/ }));
    expect(pick.value?.marketId).toBe(asked.marketId);
    const [asking] = server.to("/api/betting/markets");
    expect(new URL(asking?.url ?? "").searchParams.getAll("matchId")).toEqual([shown.questionId]);
    expect(screen.getByRole("link", { name: "순위표 보기" }).getAttribute("href")).toBe(
      `/standings?tournament=${shown.tournamentId}`,
    );
  });

  it("names the group, in English, too", async () => {
    setLanguage("en");
    await show(question({ kind: "first", stage: "Groups", group: "A" }));
    expect(screen.getByRole("heading", { level: 1 }).textContent).toBe("Who is first?");
    expect(document.querySelector(".question-head p")?.textContent).toBe("LCK 2022 Spring · Groups Group A");
  });

  it("of one that is decided marks the winner", async () => {
    const candidates = question().candidates;
    const shown = question({
      state: "decided",
      candidates,
      winnerId: candidates[1]?.teamId ?? null,
    });
    await show(shown, [
      asks(shown, { state: "settled", settledOutcomeId: answers[1]?.outcomeId ?? null, revision: 3 }),
    ]);
    expect(document.querySelector(".champion")?.textContent).toBe("우승GENGEN 팀");
    expect(document.querySelector(".outcome.winner")?.textContent).toContain("GEN 팀");
    expect(document.querySelector(".match-head .tag")?.textContent).toBe("결정");
    expect(screen.queryByRole("button", { name: /팀/ })).toBeNull();
  });

  it("has those of an earlier list of teams last, and says why they are void", async () => {
    const shown = question();
    const earlier = asks(shown, { state: "void", voidReason: "match_changed" });
    await show(shown, [earlier, asks(shown)]);
    const states = [...document.querySelectorAll(".market-head .tag")].map((tag) => tag.textContent);
    expect(states).toEqual(["베팅 중", "무효"]);
    const names = [...document.querySelectorAll(".market")].map((one) => one.getAttribute("aria-label"));
    expect(names).toEqual(["LCK 2022 Spring Playoffs 우승팀", "LCK 2022 Spring Playoffs 우승팀 (무효)"]);
    expect(screen.getByText(/^후보나 일정이 바뀌어/)).toBeTruthy();
    expect(none()).toBeUndefined();
  });

  it.each([
    ["whose teams are to be decided", { candidates: [] }, /아직 정해지지 않은 팀이/, "예정"],
    ["whose market is still to come", {}, /곧 열립니다/, "예정"],
    ["that is under way without a market", { state: "in_progress" }, /예측이 없습니다/, "진행 중"],
    ["that was cancelled", { state: "cancelled" }, /^취소된 질문입니다/, "취소"],
  ] as const)("of one %s says so", async (_, over, says, state) => {
    await show(question({ ...over, candidates: "candidates" in over ? [] : question().candidates }));
    expect(none()).toMatch(says);
    expect(document.querySelector(".match-head .tag")?.textContent).toBe(state);
  });

  it("says what is to come above what was void before", async () => {
    const shown = question({ candidates: [] });
    await show(shown, [asks(shown, { state: "void", voidReason: "match_changed" })]);
    await waitFor(() => expect(none()).toMatch(/아직 정해지지 않은 팀이/));
  });

  it("is not found where there is no such question", async () => {
    serve([question()], []);
    await open(id());
    expect(screen.getByText("페이지를 찾을 수 없습니다", { selector: "h2" })).toBeTruthy();
  });

  it("reads the question again once its market has changed", async () => {
    const shown = question();
    const asked = asks(shown);
    await show(shown, [asked]);
    const before = server.to("/api/league/questions").length;
    applyMarket({ ...asked, state: "locked", revision: 2 });
    await waitFor(() => expect(server.to("/api/league/questions").length).toBe(before + 1));
    expect(screen.queryByRole("timer")).toBeNull();
  });

  it("lets an admin lock or void its market, and nobody else", async () => {
    const shown = question();
    await show(shown, [asks(shown)]);
    expect(document.querySelector("[data-market-desk]")).toBeNull();
    account.value = someone({ role: "admin" });
    phase.value = "in";
    await waitFor(() => expect(document.querySelector("[data-market-desk=champion]")).not.toBeNull());
    expect(screen.getByRole("button", { name: "마감" })).toBeTruthy();
    expect(document.querySelectorAll("[data-market-desk] .badge").length).toBe(3);
  });
});

it("an admin who follows a question's id to the matches is led on to the question", async () => {
  const { questionId } = question();
  serve([], []);
  server.on(`GET /api/league/matches/${questionId}`, () => problem(404, "not_found"));
  render(
    <LocationProvider>
      <MatchDesk matchId={questionId} changed={() => undefined} />
    </LocationProvider>,
  );
  const link = await screen.findByRole("link", { name: "질문 보기" });
  expect(link.getAttribute("href")).toBe(`/questions/${questionId}`);
});

describe("the home page", () => {
  const tournament = (tournamentId: string, day: string): Tournament => ({
    tournamentId,
    name: "LCK 2026",
    source: "file",
    replayState: null,
    firstMatchAt: `${day}T08:00:00Z`,
    lastMatchAt: `${day}T11:00:00Z`,
    matches: 1,
  });

  it("leads to what can be bet on the present tournament", async () => {
    const asked = question({ candidates: question().candidates });
    serve([asked, question({ candidates: [] }), question({ state: "decided" })], [asks(asked)]);
    render(<SeasonBets tournaments={[tournament(asked.tournamentId, "2026-11-23")]} />);
    const link = await screen.findByRole("link");
    await waitFor(() => expect(link.textContent).toBe("누가 우승할까?플레이오프베팅 중총 베팅 1,000P"));
    expect(link.getAttribute("href")).toBe(`/questions/${asked.questionId}`);
    const [asking] = server.to("/api/league/questions");
    expect(new URL(asking?.url ?? "").search).toBe(`?tournament=${asked.tournamentId}`);
  });

  it("says nothing where nothing is asked", async () => {
    serve([], []);
    const { container } = render(<SeasonBets tournaments={[tournament(id(), "2026-11-23")]} />);
    await waitFor(() => expect(server.to("/api/league/questions").length).toBe(1));
    expect(container.textContent).toBe("");
    expect(server.to("/api/betting/markets")).toEqual([]);
  });
});

it("a notice about a bet on a question says what was asked, and asks for no match", async () => {
  const asked = asks(question());
  const lost = { ...bet(asked, 500), state: "lost" };
  const events = [
    ["market", asked],
    ["settled", lost],
  ].map(([name, value]) => `event: ${name as string}\ndata: ${JSON.stringify(value)}\n\n`);
  server = new Server().on(
    "GET /api/betting/stream",
    () => new Response(events.join(""), { headers: { "content-type": "text/event-stream" } }),
  );
  vi.stubGlobal("fetch", server.fetch);
  const stop = stream.watch([asked.matchId]);
  await waitFor(() => expect(notices.value.length).toBeGreaterThan(0));
  stop();
  expect(notices.value[0]?.title).toBe("아쉬워요. LCK 2022 Spring Playoffs 우승팀");
  expect(server.to(`/api/league/matches/${asked.matchId}`)).toEqual([]);
  for (const notice of notices.value) dismiss(notice.id);
});
