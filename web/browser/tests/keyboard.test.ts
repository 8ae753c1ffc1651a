import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { live, logIn } from "./acts";
import { closeClean, launch, openContext } from "./browser";
import { Client, admin, distantMatch, freshName } from "./server";

let browser: Browser;

beforeAll(async () => {
  browser = await launch();
});

afterAll(() => browser.close());

/** Tabs on until something with this name has the focus. */
async function tabTo(page: Page, name: RegExp): Promise<void> {
  for (let step = 0; step < 120; step += 1) {
    await page.keyboard.press("Tab");
    const focused = await page.evaluate(() => {
      // While nothing has the focus it is the whole page's, and that has every name.
      const element = document.activeElement === document.body ? null : document.activeElement;
      const label = element?.getAttribute("aria-label") ?? "";
      const described = element?.id
        ? (document.querySelector(`label[for="${element.id}"]`)?.textContent ?? "")
        : "";
      return `${label} ${described} ${element?.textContent ?? ""}`.trim();
    });
    if (name.test(focused)) return;
  }
  throw new Error(`the keyboard never reached ${String(name)}`);
}

test.each([
  ["a phone", 360],
  ["a desktop", 1440],
])("on %s a bet is placed with the keyboard alone", async (_, width) => {
  const boss = await admin();
  const match = await distantMatch();
  const market = await boss.openMarket(match, `자판 ${freshName()}`);
  const who = await Client.signUp();
  const context = await openContext(browser, { viewport: { width, height: 800 } });
  const page = await logIn(context, who, `/matches/${match.matchId}`);
  await live(page);
  await page.locator(`section[aria-label="${market.question.ko}"]`).waitFor();
  await page.keyboard.press("Tab");
  await tabTo(page, /^본문으로 건너뛰기|^베팅: 아니오/);
  // Answers of other markets may carry the same words: the last market is this test's own.
  await page.locator(`section[aria-label="${market.question.ko}"] button`).first().focus();
  await page.keyboard.press("Enter");
  await tabTo(page, /^100 P 더하기/);
  await page.keyboard.press("Enter");
  await page.keyboard.press("Space");
  await tabTo(page, /^200 P 베팅하기/);
  await page.keyboard.press("Enter");
  await page.getByText("베팅이 접수되었습니다").waitFor();
  expect((await who.bets()).map((bet) => bet.stake)).toEqual([200]);
  if (width < 1080) {
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
  }
  await closeClean(context);
});

test("on a phone a password is changed with the keyboard alone, and this page alone goes on", async () => {
  const who = await Client.signUp();
  const context = await openContext(browser, { viewport: { width: 360, height: 740 } });
  const page = await logIn(context, who, "/account");
  await tabTo(page, /지금 비밀번호/);
  await page.keyboard.type(who.password);
  await tabTo(page, /새 비밀번호/);
  await page.keyboard.type("battery staple");
  await page.keyboard.press("Enter");
  await page.getByText("비밀번호를 바꿨습니다").waitFor();
  await tabTo(page, /^다른 기기에서 로그아웃/);
  await page.keyboard.press("Enter");
  await page.getByText("다른 기기가 없었습니다").waitFor();
  await expect.poll(() => who.me().then(String, String)).toContain("401 ");
  expect((await Client.logIn(who.username, "battery staple")).username).toBe(who.username);
  await closeClean(context);
});

test("the menu opens, closes on Escape, and gives the focus back", async () => {
  const context = await openContext(browser);
  const page = await context.newPage();
  await page.goto("/");
  const button = page.getByRole("button", { name: "설정" });
  await button.focus();
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "English" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Open for bets" }).waitFor();
  await page.keyboard.press("Escape");
  expect(await page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toBe("Settings");
  await page.reload();
  await page.getByRole("heading", { name: "Open for bets" }).waitFor();
  expect(await page.evaluate(() => document.documentElement.lang)).toBe("en");
  await closeClean(context);
});

test("deep links open where they point, and back leads back to where one was", async () => {
  const context = await openContext(browser, { viewport: { width: 360, height: 740 } });
  const page = await context.newPage();
  await page.goto("/");
  await live(page);
  const card = page.locator(".match-card").nth(4);
  await card.getByRole("link", { name: /보기|상세/ }).click();
  await page.waitForURL(/\/matches\//);
  await page.getByRole("heading", { name: "예측", exact: true }).waitFor();
  await expect.poll(() => page.evaluate(() => scrollY)).toBe(0);
  await page.goBack();
  await page.locator(".match-card").nth(4).waitFor();
  await expect.poll(() => page.evaluate(() => scrollY)).toBeGreaterThan(200);
  await page.goto("/schedule?week=Week+1&team=T1");
  await page.locator(".match-row").first().waitFor();
  expect(await page.getByLabel("팀", { exact: true }).inputValue()).toBe("T1");
  await page.goto("/there-is-no-such-page");
  await page.getByRole("heading", { name: "페이지를 찾을 수 없습니다" }).first().waitFor();
  await closeClean(context);
});

test("times are Korea's, with one's own zone at hand without a mouse", async () => {
  const context = await openContext(browser, { timezoneId: "Europe/Berlin" });
  const page = await context.newPage();
  await page.goto("/");
  // The last card stays as it is, whichever match begins meanwhile.
  const moment = page.locator(".match-card .moment").last();
  await moment.waitFor();
  expect(await moment.locator(".tip").isVisible()).toBe(false);
  await moment.focus();
  expect(await moment.locator(".tip").isVisible()).toBe(true);
  expect(await moment.innerText()).toContain("Europe/Berlin");
  await closeClean(context);
});
