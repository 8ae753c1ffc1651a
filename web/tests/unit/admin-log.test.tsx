import { render, screen, waitFor } from "@testing-library/preact";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { AdminAction } from "../../src/api/types";
import { forgetResources } from "../../src/app/resource";
import { Log, changes } from "../../src/features/admin/log";
import { setLanguage } from "../../src/i18n";
import { Server, id, json, problem } from "./make";

let server: Server;

beforeEach(() => {
  server = new Server();
  vi.stubGlobal("fetch", server.fetch);
});

afterEach(() => {
  vi.unstubAllGlobals();
  forgetResources("admin log");
  setLanguage("ko");
});

function action(over: Partial<AdminAction> = {}): AdminAction {
  return {
    actionId: id(),
    accountId: id(),
    username: "admin",
    action: "lock_market",
    matchId: null,
    marketId: id(),
    incidentId: null,
    before: { state: "open", pool: 500 },
    after: { state: "locked" },
    why: null,
    createdAt: "2026-11-23T10:00:00Z",
    ...over,
  };
}

it("shows who did what, what it changed and why", async () => {
  const done = action({
    action: "resolve_incident",
    why: "the balance was mended",
    before: { state: "open" },
  });
  server.on("GET /api/admin/actions", () => json({ items: [done], nextCursor: null }));
  render(<Log />);
  await waitFor(() => expect(screen.getByText("확인할 일 처리")).toBeTruthy());
  expect(screen.getByText("관리자 admin")).toBeTruthy();
  expect(screen.getByText("open → locked")).toBeTruthy();
  expect(screen.getByText("the balance was mended")).toBeTruthy();
  expect(screen.queryByRole("button")).toBeNull();
});

it("says so in English too, and shows an action that it does not know by its name", async () => {
  setLanguage("en");
  const items = [action(), action({ action: "do_magic" })];
  server.on("GET /api/admin/actions", () => json({ items, nextCursor: null }));
  render(<Log />);
  await waitFor(() => expect(screen.getByText("Market locked")).toBeTruthy());
  expect(screen.getByText("do_magic")).toBeTruthy();
});

it("says when nothing has been done", async () => {
  server.on("GET /api/admin/actions", () => json({ items: [], nextCursor: null }));
  render(<Log />);
  await waitFor(() => expect(screen.getByText("아직 관리자가 한 일이 없습니다")).toBeTruthy());
});

it("says what went wrong and asks again when told to", async () => {
  server
    .on("GET /api/admin/actions", () => problem(503, "unavailable"))
    .on("GET /api/admin/actions", () => json({ items: [action()], nextCursor: null }));
  render(<Log />);
  await waitFor(() => expect(screen.getByRole("alert")).toBeTruthy());
  await userEvent.click(screen.getByRole("button", { name: "다시 시도" }));
  await waitFor(() => expect(screen.getByText("예측 마감")).toBeTruthy());
});

it("reads on where the page before ended", async () => {
  const page = (count: number) => Array.from({ length: count }, () => action());
  server
    .on("GET /api/admin/actions", () => json({ items: page(30), nextCursor: "older" }))
    .on("GET /api/admin/actions", () => json({ items: page(30), nextCursor: "older" }))
    .on("GET /api/admin/actions", () => json({ items: page(5), nextCursor: null }));
  render(<Log />);
  await waitFor(() => expect(screen.getAllByRole("listitem")).toHaveLength(30));
  await userEvent.click(screen.getByRole("button", { name: "더 보기" }));
  await waitFor(() => expect(screen.getAllByRole("listitem")).toHaveLength(35));
  const cursors = server.asked.map((request) => new URL(request.url).searchParams.get("cursor"));
  expect(cursors).toEqual([null, null, "older"]);
});

it("leaves out what stayed as it was", () => {
  const before = { state: "open", revision: 1, pool: 500 };
  const after = { state: "locked", revision: 1, outcomes: ["blue", "red"] };
  expect(changes({ before, after })).toEqual([
    ["state", "open → locked"],
    ["pool", "500"],
    ["outcomes", "blue, red"],
  ]);
  expect(changes({ before: null, after: null })).toEqual([]);
});
