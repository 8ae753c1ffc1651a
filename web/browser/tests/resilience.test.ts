import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { confirmButton, live, logIn, marketOn, pickAnswer, placeBet, shownPoints } from "./acts";
import { closeClean, launch, openContext, tolerate } from "./browser";
import { Proxy } from "./proxy";
import { Client, admin, distantMatch, freshName } from "./server";

let browser: Browser;
let proxy: Proxy | null = null;

/** What browsers say of requests that got no answer. */
const CONNECTION = /Failed to load resource: net::|ERR_CONNECTION|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE/;
const GONE_FOR = 10_000;

beforeAll(async () => {
  browser = await launch();
});

afterEach(async () => {
  await proxy?.cut();
  proxy = null;
});

afterAll(() => browser.close());

async function question(what: string) {
  const boss = await admin();
  const match = await distantMatch();
  return {
    boss,
    match,
    market: await boss.openMarket(match, `${what} ${freshName()}`),
    who: await Client.signUp(),
  };
}

test("a server that is gone for ten seconds is waited for, and a bet made meanwhile is placed once", async () => {
  const { match, market, who } = await question("단절");
  proxy = new Proxy();
  await proxy.open();
  const context = await openContext(browser, { at: proxy.url });
  tolerate(context, CONNECTION);
  const page = await logIn(context, who, `/matches/${match.matchId}`);
  await live(page);
  await pickAnswer(page, market, "네", 300);
  await proxy.cut();
  const cutAt = Date.now();
  await page.getByText(/실시간 연결이 끊겨|서버에 연결할 수 없습니다/).waitFor();
  await confirmButton(page).click();
  await page.getByText("응답을 받지 못했습니다", { exact: true }).waitFor();
  expect(await who.bets()).toHaveLength(0);
  await page.waitForTimeout(Math.max(0, GONE_FOR - (Date.now() - cutAt)));
  await proxy.open();
  await page.getByText("베팅이 접수되었습니다").waitFor();
  await live(page);
  await page.locator(".banner.lost").waitFor({ state: "detached" });
  expect((await who.bets()).map((bet) => bet.stake)).toEqual([300]);
  // What moves after the return is seen again.
  await (await Client.signUp()).bet(market, 1, 500);
  await marketOn(page, market).getByText("2.66").waitFor();
  await closeClean(context);
});

test("an answer that is lost on its way never makes a second bet", async () => {
  const { match, market, who } = await question("유실");
  const context = await openContext(browser);
  tolerate(context, /Failed to load resource/);
  const page = await logIn(context, who, `/matches/${match.matchId}`);
  await live(page);
  const keys: string[] = [];
  await page.route("**/api/betting/bets", async (route) => {
    keys.push(route.request().headers()["idempotency-key"] ?? "");
    if (keys.length > 1) return route.continue();
    // The server gets the bet, the page does not get the answer.
    expect((await route.fetch()).status()).toBe(201);
    return route.abort("connectionreset");
  });
  await placeBet(page, market, "네", 250);
  expect(keys.length).toBe(2);
  expect(keys[0]).toBe(keys[1]);
  expect((await who.bets()).map((bet) => bet.stake)).toEqual([250]);
  await expect.poll(() => shownPoints(page)).toBe((await who.me()).points);
  await closeClean(context);
});

test("a page reloaded before the answer goes on with the same bet", async () => {
  const { match, market, who } = await question("새로고침");
  const context = await openContext(browser);
  tolerate(context, /Failed to load resource/);
  const page = await logIn(context, who, `/matches/${match.matchId}`);
  await live(page);
  const keys: string[] = [];
  let reloaded = false;
  page.on("framenavigated", () => (reloaded = true));
  await page.route("**/api/betting/bets", async (route) => {
    keys.push(route.request().headers()["idempotency-key"] ?? "");
    if (reloaded) return route.continue();
    // However often the page asks before the reload, it gets no answer.
    await route.fetch();
    return route.abort("connectionreset");
  });
  await pickAnswer(page, market, "네", 150);
  await confirmButton(page).click();
  await page.getByText("응답을 받지 못했습니다", { exact: true }).waitFor();
  await page.reload();
  await page.getByText("베팅이 접수되었습니다").waitFor();
  expect(keys.length).toBeGreaterThan(1);
  expect(new Set(keys).size).toBe(1);
  expect(await who.bets()).toHaveLength(1);
  await closeClean(context);
});

test("a token that ends in the middle is renewed in silence, once", async () => {
  const { match, market, who } = await question("만료");
  const context = await openContext(browser);
  tolerate(context, /status of 401/);
  const page = await logIn(context, who, `/matches/${match.matchId}`);
  await live(page);
  let refreshes = 0;
  page.on("request", (request) => {
    if (request.url().endsWith("/api/account/refresh")) refreshes += 1;
  });
  let tampered = "";
  await page.route("**/api/**", async (route) => {
    const headers = route.request().headers();
    const bearer = headers.authorization;
    if (bearer === undefined || (tampered !== "" && bearer !== tampered)) return route.continue();
    // From here on the server does not know the token that the page has.
    tampered = bearer;
    return route.continue({ headers: { ...headers, authorization: `${bearer.slice(0, -6)}AAAAAA` } });
  });
  await placeBet(page, market, "네", 200);
  expect(tampered).not.toBe("");
  expect(refreshes).toBe(1);
  expect(await who.bets()).toHaveLength(1);
  await closeClean(context);
});

test("a session survives a reload, is shared by two tabs, and ends in both", async () => {
  const who = await Client.signUp();
  const context = await openContext(browser);
  const first = await logIn(context, who);
  await first.reload();
  await first.locator(".top-points").waitFor();
  const second = await context.newPage();
  await second.goto("/bets");
  await second.locator(".top-points").waitFor();
  const held = await first.evaluate(() =>
    JSON.stringify([Object.values(localStorage), Object.values(sessionStorage)]),
  );
  expect(held).not.toMatch(/eyJ/);
  expect(await first.evaluate(() => document.cookie)).toBe("");
  await second.getByRole("button", { name: "내 계정" }).click();
  const told = second.getByText("로그아웃했습니다").waitFor();
  await second.getByRole("button", { name: "로그아웃", exact: true }).click();
  await told;
  await first.getByRole("link", { name: "로그인" }).waitFor();
  await first.reload();
  await first.getByRole("link", { name: "로그인" }).waitFor();
  await closeClean(context);
});

test("logging out everywhere ends the session of another browser", async () => {
  const who = await Client.signUp();
  const phone = await openContext(browser, { viewport: { width: 360, height: 740 } });
  const desk = await openContext(browser);
  tolerate(phone, /status of 401/);
  const [onPhone, onDesk] = [await logIn(phone, who), await logIn(desk, who)];
  await onDesk.getByRole("button", { name: "내 계정" }).click();
  const told = onDesk.getByText("로그아웃했습니다").waitFor();
  await onDesk.getByRole("button", { name: "모든 기기에서 로그아웃" }).click();
  await told;
  await onPhone.reload();
  await onPhone.getByRole("link", { name: "로그인" }).waitFor();
  await closeClean(desk);
  await closeClean(phone);
});

test("a device without network says so, and goes on by itself", async () => {
  const context = await openContext(browser);
  tolerate(context, CONNECTION);
  const page = await context.newPage();
  await page.goto("/");
  await live(page);
  await context.setOffline(true);
  await page.getByText("오프라인입니다. 연결되면 자동으로 이어집니다.").waitFor();
  await context.setOffline(false);
  await page.locator(".banner.lost").waitFor({ state: "detached" });
  await live(page);
  await closeClean(context);
});
