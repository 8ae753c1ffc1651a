import { fireEvent, render, screen, waitFor, within } from "@testing-library/preact";
import userEvent from "@testing-library/user-event";
import { LocationProvider } from "preact-iso";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { applyMarket, clearMarkets, market as find, marketIds } from "../../src/app/markets";
import { dismiss, notices, notify } from "../../src/app/notices";
import { applyBet, clearOpenBets } from "../../src/app/own-bets";
import { account, phase as session } from "../../src/app/session";
import { choose, clear, stake } from "../../src/app/slip";
import { Badge } from "../../src/components/badge";
import { Market } from "../../src/components/market";
import { MatchCard } from "../../src/components/match-card";
import { SlipBody } from "../../src/components/slip-body";
import { Failure } from "../../src/components/states";
import { Toaster } from "../../src/components/toaster";
import LogIn from "../../src/features/auth/log-in";
import SignUp from "../../src/features/auth/sign-up";
import { BalanceChart } from "../../src/features/bets/chart";
import { Refused } from "../../src/api/errors";
import { Server, account as someone, bet, market, match, problem } from "./make";

let server: Server;

beforeEach(() => {
  server = new Server();
  vi.stubGlobal("fetch", server.fetch);
  clearMarkets();
  clearOpenBets();
  clear();
  account.value = null;
  session.value = "out";
});

afterEach(() => vi.unstubAllGlobals());

describe("a market", () => {
  it("offers its answers with odds and shares, and marks the chosen one", async () => {
    const question = market();
    applyMarket(question);
    render(<Market id={question.marketId} match={match()} />);
    const button = screen.getByRole("button", { name: /^베팅: T1 팀 배당 1\.66 60% · 2명/ });
    expect(button.getAttribute("aria-pressed")).toBe("false");
    await userEvent.click(button);
    expect(button.getAttribute("aria-pressed")).toBe("true");
    expect(screen.getByRole("img", { name: "베팅 비율: T1 팀 60%, GEN 팀 40%" })).toBeTruthy();
  });

  it("moves with a newer snapshot and ignores an older one", async () => {
    const question = market({ revision: 5 });
    applyMarket(question);
    render(<Market id={question.marketId} match={undefined} />);
    applyMarket({ ...question, revision: 4, pool: 9999 });
    expect(find(question.marketId)?.value.pool).toBe(1000);
    const [first, second] = question.outcomes;
    if (!first || !second) throw new Error("two outcomes");
    applyMarket({ ...question, revision: 6, outcomes: [{ ...first, odds: 1.2 }, second] });
    await waitFor(() => expect(screen.getByText("1.20")).toBeTruthy());
  });

  it("that was withdrawn makes way for the one that asks anew", async () => {
    const game = match();
    const withdrawn = market({ matchId: game.matchId, pool: 700 });
    applyMarket(withdrawn);
    const score = market({ matchId: game.matchId, template: "exact_score", pool: 50 });
    applyMarket(score);
    const { container } = render(<MatchCard match={game} />);
    applyMarket({ ...withdrawn, revision: 2, state: "void", voidReason: "match_changed" });
    const anew = market({ matchId: game.matchId, pool: 200 });
    applyMarket(anew);
    expect(marketIds(game.matchId).peek()).toEqual([anew.marketId, withdrawn.marketId, score.marketId]);
    await waitFor(() => expect(container.querySelector(".match-foot")?.textContent).toContain("250"));
    expect(screen.getAllByRole("button").length).toBe(2);
  });

  it("that is settled takes no bets and shows its winner", () => {
    const question = market({ state: "settled" });
    applyMarket({ ...question, settledOutcomeId: question.outcomes[1]?.outcomeId ?? null });
    const { container } = render(<Market id={question.marketId} match={undefined} />);
    expect(screen.queryByRole("button")).toBeNull();
    expect(container.querySelector(".winner")?.textContent).toContain("GEN 팀");
  });

  it("shows one's own points on an answer", () => {
    const question = market();
    applyMarket(question);
    applyBet(bet(question, 700));
    render(<Market id={question.marketId} match={undefined} />);
    expect(screen.getByText("내 베팅 700 P")).toBeTruthy();
  });

  it("that is void says why", () => {
    const question = market({ state: "void", voidReason: "forfeit" });
    applyMarket(question);
    render(<Market id={question.marketId} match={undefined} />);
    expect(screen.getByText(/기권으로 무효/)).toBeTruthy();
  });
});

describe("the slip", () => {
  const open = (over = {}): ReturnType<typeof market> => {
    const question = market(over);
    applyMarket(question);
    choose({
      matchId: question.matchId,
      marketId: question.marketId,
      outcomeId: question.outcomes[0]?.outcomeId ?? "",
    });
    return question;
  };

  it("asks for a login before it asks for points", () => {
    open();
    render(<SlipBody />);
    expect(screen.getByRole("link", { name: "로그인하고 베팅하기" })).toBeTruthy();
  });

  it("puts a stake together from chips and previews it with one's own stake in the pool", async () => {
    account.value = someone({ points: 1500 });
    session.value = "in";
    open();
    render(<SlipBody />);
    await userEvent.click(screen.getByRole("button", { name: "500 P 더하기" }));
    await userEvent.click(screen.getByRole("button", { name: "100 P 더하기" }));
    expect(stake.value).toBe(600);
    expect(screen.getByText("1.33")).toBeTruthy();
    expect(screen.getByRole("button", { name: "600 P 베팅하기" })).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: "절반" }));
    expect(stake.value).toBe(750);
    await userEvent.click(screen.getByRole("button", { name: "전부" }));
    expect(stake.value).toBe(1500);
    expect(screen.getByRole("button", { name: "100 P 더하기" })).toHaveProperty("disabled", true);
  });

  it("says what is wrong with a stake", () => {
    account.value = someone({ points: 1500 });
    session.value = "in";
    open();
    render(<SlipBody />);
    const input = screen.getByLabelText(/베팅할 포인트/);
    fireEvent.input(input, { target: { value: "99" } });
    expect(screen.getByText("100 P부터 베팅할 수 있습니다.")).toBeTruthy();
    fireEvent.input(input, { target: { value: "12,000" } });
    expect(screen.getByText("보유한 포인트보다 많습니다.")).toBeTruthy();
    expect(screen.getByRole("button", { name: "12,000 P 베팅하기" })).toHaveProperty("disabled", true);
  });

  it("closes with its market", async () => {
    account.value = someone();
    session.value = "in";
    const question = open();
    render(<SlipBody />);
    applyMarket({ ...question, revision: 9, state: "locked" });
    await waitFor(() => expect(screen.getByText(/마감되었습니다/)).toBeTruthy());
    expect(screen.queryByRole("button", { name: /베팅하기/ })).toBeNull();
  });
});

describe("the forms", () => {
  const at = (page: preact.JSX.Element): void => void render(<LocationProvider>{page}</LocationProvider>);

  it("name every empty or impossible field, and send nothing", async () => {
    at(<SignUp />);
    await userEvent.type(screen.getByLabelText("이름"), "a b");
    await userEvent.click(screen.getByRole("button", { name: /가입하고/ }));
    expect(screen.getByText("이름은 한글, 영문, 숫자, 밑줄로 3–20자여야 합니다.")).toBeTruthy();
    expect(screen.getByText("입력해 주세요.")).toBeTruthy();
    expect(server.asked).toHaveLength(0);
  });

  it("say that a name is taken at the name", async () => {
    server.on("POST /api/account/signup", () =>
      problem(409, "username_taken", { errors: [{ field: "username", message: "is taken" }] }),
    );
    at(<SignUp />);
    await userEvent.type(screen.getByLabelText("이름"), "페이커팬");
    await userEvent.type(screen.getByLabelText("비밀번호"), "correct horse");
    await userEvent.click(screen.getByRole("button", { name: /가입하고/ }));
    await waitFor(() => expect(screen.getByText("이미 쓰이고 있는 이름입니다.")).toBeTruthy());
    expect(screen.getByLabelText("이름").getAttribute("aria-invalid")).toBe("true");
  });

  it("send a sign-up whose answer was lost with the same key again", async () => {
    server.on("POST /api/account/signup", () => Promise.reject(new TypeError("gone")));
    at(<SignUp />);
    await userEvent.type(screen.getByLabelText("이름"), "fan_1");
    await userEvent.type(screen.getByLabelText("비밀번호"), "correct horse");
    const button = screen.getByRole("button", { name: /가입하고/ });
    await userEvent.click(button);
    await waitFor(() => expect(screen.getByRole("alert").textContent).toContain("응답을 받지 못했습니다"));
    await userEvent.click(button);
    await waitFor(() => expect(server.asked).toHaveLength(2));
    const [one, two] = server.asked.map((request) => request.headers.get("idempotency-key"));
    expect(one).toBe(two);
  });

  it("give wrong credentials one answer, and let a password be seen", async () => {
    server.on("POST /api/account/login", () => problem(401, "invalid_credentials"));
    at(<LogIn />);
    await userEvent.type(screen.getByLabelText("이름"), "nobody");
    await userEvent.type(screen.getByLabelText("비밀번호"), "wrong wrong");
    await userEvent.click(screen.getByRole("button", { name: "비밀번호 보기" }));
    expect(screen.getByLabelText("비밀번호").getAttribute("type")).toBe("text");
    await userEvent.click(screen.getByRole("button", { name: "로그인" }));
    await waitFor(() =>
      expect(screen.getByRole("alert").textContent).toBe("이름 또는 비밀번호가 맞지 않습니다."),
    );
  });
});

it("a failure says what to do", async () => {
  const retry = vi.fn();
  render(<Failure error={new Refused(503, null, null)} retry={retry} />);
  expect(within(screen.getByRole("alert")).getByText(/잠시 쓸 수 없습니다/)).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "다시 시도" }));
  expect(retry).toHaveBeenCalledOnce();
});

it("notices are said politely and can be dismissed", async () => {
  render(<Toaster />);
  notify("good", "적중! T1–GEN", "830 P를 받았습니다.");
  await waitFor(() => expect(screen.getByText("적중! T1–GEN")).toBeTruthy());
  expect(screen.getByRole("region", { name: "알림" }).getAttribute("aria-live")).toBe("polite");
  await userEvent.click(screen.getByRole("button", { name: "알림 닫기" }));
  expect(notices.value).toHaveLength(0);
  notices.value.forEach((notice) => dismiss(notice.id));
});

it("a badge puts dark text on a light colour and light text on a dark one", () => {
  const { container } = render(
    <>
      <Badge team={{ code: "LSB", colour: "#ffc900" }} />
      <Badge team={{ code: "BRO", colour: "#00492b" }} />
    </>,
  );
  const inks = [...container.querySelectorAll("text")].map((text) => text.getAttribute("fill"));
  expect(inks).toEqual(["#0a0d13", "#ffffff"]);
});

it("the chart of one's balance says in words what it shows", () => {
  render(<BalanceChart values={[1000, 1500, 1200]} />);
  expect(
    screen.getByRole("img", { name: "최근 포인트 변화: 1,000에서 1,200, 최저 1,000, 최고 1,500" }),
  ).toBeTruthy();
});
