import { render, screen, waitFor, within } from "@testing-library/preact";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { ImportReport } from "../../src/api/types";
import { Import } from "../../src/features/admin/import";
import { setLanguage } from "../../src/i18n";
import { Server, id, json, match, stage, standing } from "./make";

let server: Server;

beforeEach(() => {
  server = new Server();
  vi.stubGlobal("fetch", server.fetch);
  setLanguage("en");
});

afterEach(() => {
  vi.unstubAllGlobals();
  setLanguage("ko");
});

function report(over: Partial<ImportReport> = {}): ImportReport {
  return {
    lines: [
      {
        line: 8,
        action: "changed",
        subject: "T1–GEN 2022-02-12",
        message: "team 2: GEN → DK",
        warning: null,
      },
    ],
    linesLeftOut: 0,
    warned: 0,
    added: 0,
    changed: 1,
    unchanged: 2,
    refused: 0,
    applied: false,
    markets: [],
    matchesLeftOut: 0,
    questionsLeftOut: 0,
    standings: [],
    standingsLeftOut: 0,
    ...over,
  };
}

async function check(): Promise<void> {
  const user = userEvent.setup();
  render(<Import />);
  await user.type(screen.getByLabelText("Or paste its content"), "x");
  await user.click(screen.getByRole("button", { name: "Only check" }));
}

it("tells what would become of markets and of the stakes on them", async () => {
  const question = { en: "T1–GEN: who wins?", ko: "T1–GEN 누가 이길까요?" };
  const market = { line: 8, matchId: id(), question, pool: 1500, givenBack: 1200 };
  const stakes = [{ accountId: id(), username: "faker", points: 1500 }];
  const asks = (en: string) => ({
    ...market,
    marketId: id(),
    question: { en, ko: en },
    bettors: 0,
    stakes: [],
  });
  const markets: ImportReport["markets"] = [
    { ...market, marketId: id(), effect: "withdrawn", bettors: 1, stakes },
    { ...asks("new"), effect: "opens" },
    { ...asks("Cup: who wins it?"), line: null, effect: "voided" },
  ];
  server.on("POST /api/league/import", () =>
    json(report({ markets, matchesLeftOut: 3, questionsLeftOut: 2 })),
  );
  await check();
  const row = await waitFor(() => screen.getByText("T1–GEN: who wins?").closest("tr"));
  const cells = [...(row?.querySelectorAll("td") ?? [])].map((cell) => cell.textContent);
  expect(cells).toEqual(["8", "T1–GEN: who wins?1 bettorfaker 1,500 P", "withdrawn", "1,500", "1,200"]);
  expect(screen.getAllByRole("list")).toHaveLength(1);
  const stage = screen.getByText("Cup: who wins it?").closest("tr");
  expect(stage?.querySelector("td")?.textContent).toBe("");
  expect(screen.getByText("3 more matches were not looked at.")).toBeTruthy();
  expect(screen.getByText("2 more questions about stages were not looked at.")).toBeTruthy();
});

it("says so when no market changes", async () => {
  server.on("POST /api/league/import", () => json(report()));
  await check();
  await waitFor(() => expect(screen.getByText("No market changes.")).toBeTruthy());
});

it("tells nothing of markets when the file is refused", async () => {
  server.on("POST /api/league/import", () => json(report({ refused: 1 })));
  await check();
  await waitFor(() => expect(screen.getByText("T1–GEN 2022-02-12")).toBeTruthy());
  expect(screen.queryByText("What becomes of markets")).toBeNull();
});

it("shows the tables that would come out, without links to what is not there yet", async () => {
  const table = { group: null, standings: [standing("NEW", { wins: 2 }), standing("T1", { rank: 2 })] };
  const final = { name: "Final", side: "final" as const, matches: [match()] };
  const stages = [
    stage({ tables: [table] }),
    stage({ name: "Playoffs", kind: "bracket", rounds: [final], tables: [table] }),
  ];
  const standings = [
    { tournament: "LCK 2026 Spring", stages },
    { tournament: "LCK 2026 Cup", stages: [] },
  ];
  server.on("POST /api/league/import", () => json(report({ standings, standingsLeftOut: 4 })));
  await check();
  const summary = await waitFor(() => screen.getByText("Tables that would come out"));
  const shown = summary.closest("details") ?? document.body;
  expect(shown.hasAttribute("open")).toBe(false);
  await userEvent.click(summary);
  expect(shown.hasAttribute("open")).toBe(true);
  const headings = [...shown.querySelectorAll("h2, h3")].map((one) => one.textContent);
  expect(headings).toEqual(["LCK 2026 Spring", "Regular Season", "Playoffs", "LCK 2026 Cup"]);
  const rows = within(within(shown).getByRole("table", { name: "Regular Season" })).getAllByRole("row");
  expect(rows.map((row) => row.querySelector("th[scope=row]")?.textContent)).toEqual([
    undefined,
    "NEWNEW team",
    "T1T1 team",
  ]);
  expect(within(shown).getByRole("group", { name: "Playoffs bracket" }).textContent).toContain("GEN team");
  expect(shown.querySelector("a")).toBeNull();
  expect(within(shown).getByText("There is no table.")).toBeTruthy();
  expect(within(shown).getByText("Tables of 4 more tournaments are not shown.")).toBeTruthy();
});

it("shows no tables of an import that has been done", async () => {
  const standings = [{ tournament: "LCK 2026 Spring", stages: [stage()] }];
  server.on("POST /api/league/import", () => json(report({ applied: true, standings })));
  await check();
  await waitFor(() => expect(screen.getByText("It was applied.")).toBeTruthy());
  expect(screen.queryByText("Tables that would come out")).toBeNull();
});

it("shows what is odd, also about a line that changes nothing", async () => {
  const odd = {
    action: "unchanged",
    message: "",
    warning: "has a result, but starts only on 2030-01-01",
  } as const;
  const lines = [{ line: 9, subject: "T1–DK 2030-01-01", ...odd }];
  server.on("POST /api/league/import", () => json(report({ lines, warned: 1, linesLeftOut: 12 })));
  await check();
  await waitFor(() => expect(screen.getByText(odd.warning)).toBeTruthy());
  expect(screen.getByText("Look at 1 odd lines.")).toBeTruthy();
  expect(screen.getByText("12 more lines are not shown.")).toBeTruthy();
});
