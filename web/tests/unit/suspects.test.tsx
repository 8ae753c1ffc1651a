import { render, screen, waitFor, within } from "@testing-library/preact";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Match, Suspect } from "../../src/api/types";
import { forgetResources } from "../../src/app/resource";
import { Suspects } from "../../src/features/admin/suspects";
import { setLanguage } from "../../src/i18n";
import { Server, id, json, match, problem } from "./make";

let server: Server;

beforeEach(() => {
  server = new Server();
  vi.stubGlobal("fetch", server.fetch);
  setLanguage("en");
});

afterEach(() => {
  vi.unstubAllGlobals();
  forgetResources("admin suspects");
  setLanguage("ko");
});

function suspect(kind: Suspect["kind"], matches: Match[], pools: number[] = []): Suspect {
  return {
    kind,
    matches: matches.map((one, place) => {
      const pool = pools[place] ?? 0;
      return { match: one, markets: 3, pool, givenBack: pool, staked: pool > 0 ? [stakedMarket(pool)] : [] };
    }),
    what: "what",
    remedy: "remedy",
    effect: "effect",
    removeId: null,
    stageMarkets: [],
  };
}

function stakedMarket(pool: number): Suspect["matches"][number]["staked"][number] {
  const stakes = [
    { accountId: id(), username: "faker", points: pool - 300 },
    { accountId: "0190b1c4-0000-7000-8000-000000000002", username: null, points: 300 },
  ];
  return { marketId: id(), question: { en: "Who wins?", ko: "누가 이길까요?" }, pool, bettors: 7, stakes };
}

function double(): [Match, Match] {
  const one = match();
  return [one, { ...match(), team1: one.team2 ?? null, team2: one.team1 ?? null }];
}

it("tells each kind with its matches, what is staked on them and what mends it", async () => {
  const [one, two] = double();
  const items = [suspect("same_pair", [one, two], [0, 1500]), suspect("counts_for_nothing", [match()])];
  server.on("GET /api/league/suspects", () => json({ items, leftOut: 7 }));
  render(<Suspects />);
  await waitFor(() => expect(screen.getByText("The same teams play twice within a day")).toBeTruthy());
  expect(screen.getByText("Import it again in a block that counts, such as “Week 1”.")).toBeTruthy();
  expect(
    screen.getByText("3 markets · 1,500 P staked · 1,500 P would go back if it were cancelled"),
  ).toBeTruthy();
  expect(screen.getByText("7 more are not shown.")).toBeTruthy();
  const buttons = screen.getAllByRole<HTMLButtonElement>("button");
  expect(buttons.map((button) => [button.textContent, button.disabled])).toEqual([
    ["Remove, keep the other", false],
    ["Remove, keep the other", true],
    ["Remove the match", false],
  ]);
});

it("tells what becomes of questions about the stage, and keeps a match on which their stakes rest", async () => {
  const [one, two] = double();
  const question = { en: "Cup: who is first?", ko: "Cup 1위" };
  const market = {
    line: null,
    matchId: id(),
    marketId: id(),
    question,
    pool: 400,
    givenBack: 400,
    bettors: 0,
    stakes: [],
  };
  const found = { ...suspect("same_pair", [one, two]), removeId: two.matchId };
  let items: Suspect[] = [];
  server.on("GET /api/league/suspects", () => json({ items, leftOut: 0 }));
  for (const [effect, pool, disabled] of [
    ["withdrawn", 400, true],
    ["voided", 400, true],
    ["settles", 400, false],
    ["voided", 0, false],
  ] as const) {
    forgetResources("admin suspects");
    items = [{ ...found, stageMarkets: [{ ...market, effect, pool, givenBack: pool }] }];
    const { unmount } = render(<Suspects />);
    const row = await waitFor(() => screen.getByRole("listitem", { name: "GEN–T1" }));
    const told = new RegExp(`^Cup: who is first\\? – .* · ${pool} P staked · ${pool} P go back$`);
    expect(within(row).getByText(told)).toBeTruthy();
    expect(within(row).getByRole<HTMLButtonElement>("button").disabled).toBe(disabled);
    const other = screen.getByRole("listitem", { name: "T1–GEN" });
    expect(within(other).queryByText(/Cup: who is first/)).toBeNull();
    unmount();
  }
});

it("tells whose the stakes are, by account where no name is known, and how many others there are", async () => {
  const [one, two] = double();
  server.on("GET /api/league/suspects", () =>
    json({ items: [suspect("same_pair", [one, two], [0, 1500])], leftOut: 0 }),
  );
  render(<Suspects />);
  const bettors = await screen.findByRole("list", { name: "7 bettors" });
  expect(
    within(bettors)
      .getAllByRole("listitem")
      .map((item) => item.textContent),
  ).toEqual(["faker 1,200 P", "0190b1c4-0000-7000-8000-000000000002 300 P", "and 5 more"]);
  expect(screen.getByText("Who wins? · 1,500 P")).toBeTruthy();
  const unstaked = screen.getAllByRole("listitem", { name: /–/ })[0] ?? document.body;
  expect(within(unstaked).queryByText(/bettor/)).toBeNull();
  setLanguage("ko");
  await waitFor(() => expect(screen.getByRole("list", { name: "베팅한 사람 7명" })).toBeTruthy());
  expect(screen.getByText("외 5명")).toBeTruthy();
});

it("removes one in favour of the other after asking, by keyboard alone, and looks again", async () => {
  const [one, two] = double();
  let items = [suspect("same_pair", [one, two])];
  let asked: URL | undefined;
  server.on("GET /api/league/suspects", () => json({ items, leftOut: 0 }));
  server.on(`DELETE /api/league/matches/${two.matchId}`, (request) => {
    asked = new URL(request.url);
    items = [];
    return json({ removed: two, kept: one });
  });
  const user = userEvent.setup();
  render(<Suspects />);
  const row = await waitFor(() => screen.getByRole("listitem", { name: "GEN–T1" }));
  within(row).getByRole("button").focus();
  await user.keyboard("{Enter}");
  const dialog = await screen.findByRole("dialog");
  expect(asked).toBeUndefined();
  within(dialog).getByRole("button", { name: "Confirm" }).focus();
  await user.keyboard("{Enter}");
  await waitFor(() => expect(screen.getByText("Nothing is suspect")).toBeTruthy());
  expect(asked?.searchParams.get("inFavourOf")).toBe(one.matchId);
});

it("keeps what is listed when the removal is refused", async () => {
  const found = match();
  const items = [suspect("result_before_start", [found])];
  server.on("GET /api/league/suspects", () => json({ items, leftOut: 0 }));
  server.on(`DELETE /api/league/matches/${found.matchId}`, () => problem(409, "match_has_stakes"));
  const user = userEvent.setup();
  render(<Suspects />);
  await user.click(await screen.findByRole("button", { name: "Remove the match" }));
  await user.click(await screen.findByRole("button", { name: "Confirm" }));
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  expect(screen.getByText("There is a result more than a day before the start")).toBeTruthy();
});

it("says so in Korean when nothing is suspect, and when nobody answers", async () => {
  setLanguage("ko");
  server.on("GET /api/league/suspects", () => json({ items: [], leftOut: 0 }));
  const { unmount } = render(<Suspects />);
  await waitFor(() => expect(screen.getByText("이상한 경기가 없습니다")).toBeTruthy());
  unmount();
  forgetResources("admin suspects");
  server = new Server().on("GET /api/league/suspects", () => problem(503, "unavailable"));
  vi.stubGlobal("fetch", server.fetch);
  render(<Suspects />);
  await waitFor(() => expect(screen.getByRole("alert")).toBeTruthy());
});
