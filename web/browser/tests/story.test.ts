import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  FRESH_POINTS,
  confirmButton,
  hasPoints,
  live,
  logIn,
  marketOn,
  pickAnswer,
  placeBet,
  shownPoints,
} from "./acts";
import { closeClean, launch, openContext } from "./browser";
import { Client, admin, distantMatch, freshName } from "./server";

let browser: Browser;

beforeAll(async () => {
  browser = await launch();
});

afterAll(() => browser.close());

test("a fan signs up, bets, is paid by an admin's settlement, and sees it in bets and statement", async () => {
  const boss = await admin();
  const match = await distantMatch();
  const market = await boss.openMarket(match, `펜타킬 ${freshName()}`);
  await (await Client.signUp()).bet(market, 1, 700);

  const fan = await openContext(browser);
  const page = await fan.newPage();
  await page.goto("/signup");
  await page.fill("[name=username]", freshName());
  await page.fill("[name=password]", "correct horse");
  await page.click("main button[type=submit]");
  await page.waitForURL("/");
  await page.goto(`/matches/${match.matchId}`);
  await live(page);
  await hasPoints(page, FRESH_POINTS);
  await placeBet(page, market, "네", 500);
  await hasPoints(page, FRESH_POINTS - 500);

  const office = await openContext(browser);
  const desk = await logIn(office, boss, `/admin?tab=matches&match=${match.matchId}`);
  const own = desk.locator(".panel", { has: marketOn(desk, market) }).last();
  await own.getByRole("button", { name: "마감" }).click();
  await own.getByRole("button", { name: "정산" }).click();
  await desk.getByRole("dialog").getByLabel("정답").selectOption({ label: "네" });
  await desk
    .getByRole("dialog")
    .getByText(/에게 모두/)
    .waitFor();
  const said = await desk.getByRole("dialog").innerText();
  const told = Promise.all([
    desk.getByText("정산을 시작했습니다").waitFor(),
    page.getByText(/^적중!/).waitFor(),
  ]);
  await desk.getByRole("button", { name: "확인하고 실행" }).click();
  await told;
  const settled = marketOn(page, market);
  await settled.locator(".outcome.winner").waitFor();
  const pool = Number(/에게 모두 ([\d,]+) P/.exec(said)?.[1]?.replaceAll(",", ""));
  expect(pool).toBeGreaterThanOrEqual(1200);
  await expect.poll(() => shownPoints(page)).toBeGreaterThan(FRESH_POINTS);

  await page.goto("/bets");
  const line = page.locator("tr", { hasText: market.question.ko });
  await line.getByText("적중", { exact: true }).waitFor();
  await page.getByRole("cell", { name: "적중 지급" }).waitFor();
  const won = (await line.innerText()).split(/\s+/).at(-1);
  expect(won).toMatch(/^\+[\d,]+$/);
  await closeClean(office);
  await closeClean(fan);
});

test("odds move in a second browser while somebody bets in a first", async () => {
  const boss = await admin();
  const match = await distantMatch();
  const market = await boss.openMarket(match, `배당 ${freshName()}`);
  const watcher = await openContext(browser);
  const watching = await watcher.newPage();
  await watching.goto(`/matches/${match.matchId}`);
  await live(watching);
  const seen = marketOn(watching, market).locator("[data-outcome]").first();
  await seen.getByText("–").waitFor();

  const bettor = await openContext(browser);
  const page = await logIn(bettor, await Client.signUp(), `/matches/${match.matchId}`);
  await live(page);
  await placeBet(page, market, "네", 300);
  await seen.getByText("1.00").waitFor();
  await (await Client.signUp()).bet(market, 1, 600);
  await seen.getByText(/^[^1–]\.|^1\.[^0]/).waitFor();
  await closeClean(watcher);
  await closeClean(bettor);
});

test("a bet can be cancelled and its stake comes back", async () => {
  const boss = await admin();
  const match = await distantMatch();
  const market = await boss.openMarket(match, `취소 ${freshName()}`);
  const context = await openContext(browser);
  const page = await logIn(context, await Client.signUp(), `/matches/${match.matchId}`);
  await live(page);
  await hasPoints(page, FRESH_POINTS);
  await placeBet(page, market, "아니오", 400);
  await hasPoints(page, FRESH_POINTS - 400);
  await page.getByRole("link", { name: "내 베팅 보기" }).click();
  await page.waitForURL("/bets");
  const told = page.getByText("베팅을 취소했습니다").waitFor();
  await page.getByRole("button", { name: /^아니오 베팅 취소/ }).click();
  await told;
  await page.getByText("진행 중인 베팅이 없습니다").waitFor();
  await hasPoints(page, FRESH_POINTS);
  const line = page.locator("tr", { hasText: market.question.ko });
  await line.getByText("취소", { exact: true }).waitFor();
  expect(await line.innerText()).toContain("환불");
  await closeClean(context);
});

test("points that one does not have cannot be bet, and the server's no is shown plainly", async () => {
  const boss = await admin();
  const match = await distantMatch();
  const market = await boss.openMarket(match, `부족 ${freshName()}`);
  const who = await Client.signUp();
  const context = await openContext(browser);
  // This page does not hear of points spent elsewhere: it has no stream, and reads its account as it was before.
  const before = await who.me();
  await context.route("**/api/betting/stream**", (route) =>
    route.fulfill({ status: 200, body: ": quiet\n\n", contentType: "text/event-stream" }),
  );
  await context.route("**/api/account/me", (route) => route.fulfill({ json: before }));
  const page = await logIn(context, who, `/matches/${match.matchId}`);
  await pickAnswer(page, market, "네", 99_999);
  await page.getByText("보유한 포인트보다 많습니다.").waitFor();
  expect(await confirmButton(page).isDisabled()).toBe(true);
  await page.fill("#stake", "1200");
  await who.bet(market, 1, 1000);
  const refused = page.waitForResponse((answer) => answer.url().endsWith("/api/betting/bets"));
  await confirmButton(page).click();
  await page.getByText("포인트가 부족합니다. 금액을 줄여 주세요.").waitFor();
  expect((await refused).status()).toBeGreaterThanOrEqual(400);
  expect(await who.bets()).toHaveLength(1);
  await context.close();
});

test("a market that locks while its slip is open closes the slip and says so", async () => {
  const boss = await admin();
  const match = await distantMatch();
  const market = await boss.openMarket(match, `마감 ${freshName()}`);
  const context = await openContext(browser);
  const page = await logIn(context, await Client.signUp(), `/matches/${match.matchId}`);
  await live(page);
  await placeBet(page, market, "네", 100);
  await page.getByRole("button", { name: "계속 베팅하기" }).click();
  await page.fill("#stake", "200");
  const told = Promise.all([
    page.getByText("이 예측은 마감되었습니다. 다른 예측을 골라 주세요.").waitFor(),
    page.getByText(/^베팅 마감:/).waitFor(),
  ]);
  await boss.lock(market);
  await told;
  expect(await confirmButton(page).count()).toBe(0);
  await closeClean(context);
});
