import { render, screen, waitFor, within } from "@testing-library/preact";
import { LocationProvider } from "preact-iso";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Question, Stage } from "../../src/api/types";
import { applyMarket, clearMarkets } from "../../src/app/markets";
import { forgetResources } from "../../src/app/resource";
import Standings from "../../src/features/standings/page";
import { setLanguage } from "../../src/i18n";
import { Server, id, json, market, match, question, stage, standing, team } from "./make";

let server: Server;
/** What is asked about the stages. */
let asked: Question[];

beforeEach(() => {
  server = new Server()
    .on("GET /api/betting/stream", () => new Promise(() => undefined))
    .on("GET /api/betting/markets", () => json({ items: [], nextCursor: null }))
    .on("GET /api/league/questions", () => json({ items: asked, nextCursor: null }));
  asked = [];
  clearMarkets();
  vi.stubGlobal("fetch", server.fetch);
});

afterEach(() => {
  history.replaceState(null, "", "/");
  forgetResources("");
  vi.unstubAllGlobals();
  setLanguage("ko");
});

/** The page of a tournament with these stages. */
async function show(...stages: Stage[]): Promise<void> {
  const tournament = {
    tournamentId: id(),
    name: "LCK 2026",
    source: "file",
    replayState: null,
    firstMatchAt: "2026-01-10T08:00:00Z",
    lastMatchAt: "2026-03-20T11:00:00Z",
    matches: 1,
  };
  server
    .on("GET /api/league/tournaments", () => json({ items: [tournament], nextCursor: null }))
    .on("GET /api/league/standings", () => json({ items: [], nextCursor: null, stages }));
  render(
    <LocationProvider>
      <Standings />
    </LocationProvider>,
  );
  await waitFor(() => expect(document.querySelector(".stage, .empty")).not.toBeNull());
}

/** The teams of a table in its order, each with what stands beside its name. */
function teams(table: ParentNode | null | undefined): string[] {
  const names = [...(table?.querySelectorAll("th[scope=row] .standing-team") ?? [])];
  return names.map((name) =>
    [name.querySelector("a")?.lastChild, name.querySelector(".tag")]
      .flatMap((part) => part?.textContent ?? [])
      .join(" "),
  );
}

const texts = (from: ParentNode, selector: string): (string | null)[] =>
  [...from.querySelectorAll(selector)].map((one) => one.textContent);

it("a tournament without stages has no standings yet", async () => {
  await show();
  expect(screen.getByText("아직 순위가 없습니다")).toBeTruthy();
});

describe("the stages of a tournament", () => {
  const stages = [stage(), stage({ name: "Playoffs", kind: "bracket", tables: [] })];

  it("come in their order, and links lead to each", async () => {
    await show(...stages);
    expect(texts(document, "h2")).toEqual(["정규 시즌", "플레이오프"]);
    const links = within(screen.getByRole("navigation", { name: "단계" })).getAllByRole("link");
    expect(links.map((link) => link.textContent)).toEqual(["정규 시즌", "플레이오프"]);
    const targets = links.map((link) => document.querySelector(link.getAttribute("href") ?? ""));
    expect(targets.map((target) => target?.querySelector("h2")?.textContent)).toEqual([
      "정규 시즌",
      "플레이오프",
    ]);
  });

  it("are found again by the address", async () => {
    const found: string[] = [];
    vi.spyOn(Element.prototype, "scrollIntoView").mockImplementation(function (this: Element) {
      found.push(this.id);
    });
    history.replaceState(null, "", "/standings#stage-2");
    await show(...stages);
    await waitFor(() => expect(found).toEqual(["stage-2"]));
  });

  it("need no links when there is one", async () => {
    await show(stage());
    expect(screen.queryByRole("navigation", { name: "단계" })).toBeNull();
    expect(teams(screen.getByRole("table", { name: "정규 시즌" }))).toEqual(["T1 팀", "GEN 팀"]);
  });
});

it("each group has a table under its name, and one line tells the rules", async () => {
  setLanguage("en");
  const tables = [
    { group: "A", standings: [standing("T1"), standing("GEN", { rank: 2 })] },
    { group: "Rise", standings: [standing("DRX"), standing("BRO")] },
  ];
  await show(stage({ name: "Groups", kind: "groups", tables, carries: ["Regular Season"] }));
  const [a, rise] = screen.getAllByRole("table");
  expect([a, rise].map((table) => table?.querySelector("caption")?.textContent)).toEqual([
    "Group A",
    "Rise Group",
  ]);
  expect(teams(a)).toEqual(["T1 team", "GEN team"]);
  expect(teams(rise)).toEqual(["DRX team", "BRO team"]);
  const rules =
    "Level teams are separated by game difference, then tiebreaker match, then head-to-head. " +
    "Results of earlier stages (Regular Season) count, too.";
  expect(screen.getByText(rules)).toBeTruthy();
});

it("the rules are told in Korean, too", async () => {
  await show(
    stage({ tiebreakers: ["opponentWins", "seed"] }),
    stage({ name: "Rounds 3-5", tiebreakers: [] }),
  );
  expect(screen.getByText("동률이면 만난 팀들의 승수, 시드 순으로 가립니다.")).toBeTruthy();
  expect(screen.getByText("동률이면 순위가 같습니다.")).toBeTruthy();
});

it("of a Swiss stage it is said in words who is through and who is out", async () => {
  const standings = [
    standing("T1", { wins: 3, fate: "through" }),
    standing("GEN", { rank: 2, wins: 2, losses: 2 }),
    standing("DRX", { rank: 3, losses: 3, fate: "out" }),
  ];
  await show(stage({ name: "Swiss Stage", kind: "swiss", tables: [{ group: null, standings }] }));
  const table = screen.getByRole("table", { name: "스위스 스테이지" });
  expect(teams(table)).toEqual(["T1 팀 진출", "GEN 팀", "DRX 팀 탈락"]);
});

describe("what is asked about the stages", () => {
  const links = (from: ParentNode | null | undefined): (string | null)[] =>
    [...(from?.querySelectorAll("a.question-link") ?? [])].map((link) => link.getAttribute("href"));
  const path = ({ questionId }: Question): string => `/questions/${questionId}`;

  it("is led to from each stage and group, and nowhere else", async () => {
    const champion = question();
    const first = question({ kind: "first", stage: "Groups", group: "B" });
    asked = [champion, first, question({ stage: "Groups", kind: "first", group: "A", state: "cancelled" })];
    const tables = ["A", "B"].map((group) => ({ group, standings: [standing("T1"), standing("GEN")] }));
    await show(
      stage(),
      stage({ name: "Groups", kind: "groups", tables }),
      stage({ name: "Playoffs", kind: "bracket", tables: [] }),
    );
    await waitFor(() => expect(links(document).length).toBe(2));
    const [regular, groups, playoffs] = document.querySelectorAll(".stage");
    expect(links(regular)).toEqual([]);
    const [a, b] = groups?.querySelectorAll(".group-tables > div") ?? [];
    expect([links(a), links(b)]).toEqual([[], [path(first)]]);
    expect(links(groups)).toEqual([path(first)]);
    expect(links(playoffs)).toEqual([path(champion)]);
    expect(screen.getByRole("link", { name: /^누가 1위를 할까\? 그룹 스테이지 B조/ })).toBeTruthy();
  });

  it("says how its market stands, and what was voided before counts for nothing", async () => {
    const champion = question({ candidates: [] });
    asked = [champion];
    await show(stage({ name: "Playoffs", kind: "bracket", tables: [] }));
    const link = await screen.findByRole("link", { name: /누가 우승할까/ });
    expect(link.textContent).toContain("후보 미정");
    const { questionId: matchId } = champion;
    applyMarket(market({ matchId, template: "champion", state: "void", pool: 700 }));
    await Promise.resolve();
    expect(link.textContent).toContain("후보 미정");
    applyMarket(market({ matchId, template: "champion", state: "locked", pool: 2500 }));
    await waitFor(() => expect(link.textContent).toContain("마감총 베팅 2,500P"));
    expect(link.textContent).not.toContain("후보 미정");
  });
});

describe("a bracket", () => {
  const [t1, gen, drx] = [team("T1"), team("GEN"), team("DRX")];
  const over = match({
    team1: t1,
    team2: gen,
    state: "completed",
    team1Wins: 1,
    team2Wins: 3,
    winnerId: gen.teamId,
  });
  const open = match({ team1: gen, team2: null });
  const playoffs = (more: Partial<Stage> = {}): Stage =>
    stage({
      name: "Playoffs",
      kind: "bracket",
      tiebreakers: [],
      tables: [{ group: null, standings: [standing("GEN"), standing("T1", { fate: "out" })] }],
      rounds: [
        { name: "Round 1", side: "upper", matches: [over] },
        { name: "Lower Bracket Round 1", side: "lower", matches: [match({ team1: t1, team2: drx })] },
        { name: "Upper Bracket Final", side: "upper", matches: [] },
        { name: "Final", side: "final", matches: [open] },
        { name: "Third Place Match", side: "placement", matches: [match()] },
      ],
      ...more,
    });
  const region = (): HTMLElement => screen.getByRole("group", { name: "플레이오프 대진표" });
  const entries = (link: Element | null): (string | null)[][] =>
    [...(link?.querySelectorAll(".entry") ?? [])].map((entry) => texts(entry, "span"));

  it("has its upper rounds before the lower ones, then the final, then places", async () => {
    await show(playoffs());
    const headings = within(region()).getAllByRole("heading");
    expect(headings.map((one) => `${one.tagName} ${one.textContent}`)).toEqual([
      "H3 승자조",
      "H4 1라운드",
      "H4 승자조 결승",
      "H3 패자조",
      "H4 패자조 1라운드",
      "H3 결승",
      "H3 순위 결정",
      "H4 3위 결정전",
    ]);
    expect(within(region()).getByText("아직 경기가 없습니다.")).toBeTruthy();
    expect(region().tabIndex).toBe(0);
  });

  it("without lower rounds has no upper ones either", async () => {
    const rounds = playoffs().rounds.filter((round) => round.side === "upper" || round.side === "final");
    await show(playoffs({ rounds }));
    expect(texts(region(), "h3")).toEqual(["1라운드", "승자조 결승", "결승"]);
    expect(region().querySelector("h4")).toBeNull();
  });

  it("says in words who has won, and leads to the match", async () => {
    await show(playoffs());
    const link = region().querySelector(`a[href="/matches/${over.matchId}"]`);
    expect(entries(link)).toEqual([
      ["T1 팀", "1"],
      ["GEN 팀", "승리", "3"],
    ]);
    expect(link?.querySelectorAll(".entry.won svg:not(.badge)").length).toBe(1);
  });

  it("shows who is yet to be decided", async () => {
    await show(playoffs());
    const link = region().querySelector(`a[href="/matches/${open.matchId}"]`);
    expect(entries(link)).toEqual([["GEN 팀"], ["미정"]]);
    expect(document.querySelector(".champion")).toBeNull();
    expect(document.querySelector(".stage > p.muted")).toBeNull();
  });

  it("names its champion, and how far each team came", async () => {
    const standings = [standing("GEN", { fate: "through" }), standing("T1", { rank: 2, fate: "out" })];
    await show(playoffs({ champion: gen, tables: [{ group: null, standings }] }));
    expect(document.querySelector(".champion svg:not(.badge)")).not.toBeNull();
    expect(texts(document, ".champion span, .champion b")).toEqual(["우승", "GEN 팀"]);
    const table = screen.getByText("팀별 성적").parentElement?.querySelector("table");
    expect(teams(table)).toEqual(["GEN 팀 우승", "T1 팀 탈락"]);
  });
});
