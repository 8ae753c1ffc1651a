import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { logIn } from "./acts";
import { closeClean, launch, openContext, URL_OF } from "./browser";
import { Client, aQuestion, admin, cup, distantMatch, playoffs, whoWinsTheCup } from "./server";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const REPORTS = new URL("../../reports/pages/", import.meta.url).pathname;
const LOADS = [360, 768, 1440].flatMap((width) =>
  (["ko", "en"] as const).map((language) => ({ width, language })),
);
/** Only colours differ between them, so that a page is loaded once for both. */
const THEMES = ["light", "dark"] as const;

let browser: Browser;
let fan: Client;
let boss: Client;
let matchId: string;
let bracketId: string;
let questionId: string;

beforeAll(async () => {
  mkdirSync(REPORTS, { recursive: true });
  browser = await launch();
  boss = await admin();
  fan = await Client.signUp();
  const match = await distantMatch();
  matchId = match.matchId;
  bracketId = await playoffs();
  questionId = await aQuestion();
  const market = await boss.openMarket(match, `접근성 ${fan.username}`);
  await fan.bet(market, 0, 200);
  for (const slot of [1, 3]) await boss.importCsv(cup(slot));
  await fan.bet(await whoWinsTheCup(), 0, 100);
});

afterAll(() => browser.close());

/** Everything on the page has arrived: nothing loads, nothing moves. */
async function still(page: Page): Promise<void> {
  await page.locator("main .skeleton").first().waitFor({ state: "detached" });
  await page.evaluate(() =>
    Promise.all(
      document
        .getAnimations()
        .filter((animation) => animation.effect?.getComputedTiming().iterations !== Infinity)
        .map((animation) => animation.finished.catch(() => undefined)),
    ),
  );
}

/** What is wrong with the page as it stands, in words. */
async function faults(page: Page): Promise<string[]> {
  const wide = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  const violations = await page.evaluate(async () => {
    const tools = globalThis as unknown as {
      axe: {
        run: () => Promise<{
          violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[];
        }>;
      };
    };
    const { violations: found } = await tools.axe.run();
    return found.map(
      ({ id, nodes }) => `${id}: ${nodes.map((n) => `${n.html} ${n.failureSummary ?? ""}`).join(" | ")}`,
    );
  });
  if (wide > 0) violations.push(`scrolls sideways by ${wide} px`);
  return violations;
}

/** What is wrong with a page in either theme. */
async function check(page: Page, name: string): Promise<string[]> {
  await still(page);
  // The policy lets no script in but the app's own; the debugger may still run one.
  await page.evaluate(AXE);
  const wrong: string[] = [];
  for (const theme of THEMES) {
    await page.emulateMedia({ colorScheme: theme });
    await still(page);
    await page.screenshot({ path: `${REPORTS}${name}-${theme}.png` });
    wrong.push(...(await faults(page)).map((fault) => `${name}-${theme}: ${fault}`));
  }
  return wrong;
}

describe.concurrent.each(LOADS)("at $width px in $language, light and dark", ({ width, language }) => {
  const options = { viewport: { width, height: width < 700 ? 740 : 900 }, language };
  const name = (page: string): string => `${page}-${width}-${language}`;

  test("axe finds nothing on any page of a visitor", async () => {
    const wrong: string[] = [];
    const context = await openContext(browser, options);
    const page = await context.newPage();
    const pages = {
      home: "/",
      week: "/?week=Week%202",
      match: `/matches/${matchId}`,
      bets: "/bets",
      leaderboard: "/leaderboard",
      schedule: "/schedule",
      status: "/status",
      standings: "/standings",
      bracket: `/standings?tournament=${bracketId}`,
      teams: "/teams",
      team: "/teams/T1",
      login: "/login",
      signup: "/signup",
      account: "/account",
      lost: "/nowhere",
    };
    for (const [key, path] of Object.entries(pages)) {
      await page.goto(path);
      wrong.push(...(await check(page, name(key))));
    }
    await page.goto(`/questions/${questionId}`);
    await page.locator(".question-head").waitFor();
    await page.locator("button.outcome").first().waitFor();
    wrong.push(...(await check(page, name("question"))));
    await page.getByRole("button", { name: language === "ko" ? "설정" : "Settings" }).click();
    wrong.push(...(await check(page, name("menu"))));
    expect(wrong).toEqual([]);
    await closeClean(context);
  });

  test("nor of a fan with a bet and a slip", async () => {
    const wrong: string[] = [];
    const context = await openContext(browser, options);
    const page = await logIn(context, fan, "/bets");
    await page.locator("[data-bet]").first().waitFor();
    wrong.push(...(await check(page, name("own-bets"))));
    await page.goto(`/matches/${matchId}`);
    await page.locator("button.outcome").first().click();
    await page.locator(".slip-chips .chip").first().click();
    wrong.push(...(await check(page, name("slip"))));
    await page.goto("/account");
    await page.locator("[name=new-password]").waitFor();
    wrong.push(...(await check(page, name("own-account"))));
    expect(wrong).toEqual([]);
    await closeClean(context);
  });

  test("nor of an admin", async () => {
    const wrong: string[] = [];
    const context = await openContext(browser, options);
    const page = await logIn(context, boss, `/admin?tab=matches&match=${matchId}`);
    await page.locator("[data-market-desk]").first().waitFor();
    wrong.push(...(await check(page, name("admin"))));
    await page.locator("[data-market-desk] .button").first().waitFor();
    for (const tab of ["import", "incidents", "log", "accounts", "experiments"]) {
      await page.goto(`/admin?tab=${tab}`);
      wrong.push(...(await check(page, name(`admin-${tab}`))));
    }
    await page.goto("/admin?tab=repair");
    await page.locator(".staked .bettors").getByText(fan.username).waitFor();
    wrong.push(...(await check(page, name("admin-repair"))));
    await page.goto("/admin?tab=import");
    await page.locator("textarea").fill(cup(1, "DK"));
    await page.locator("form select").selectOption("csv");
    await page.locator("form .button").first().click();
    await page.locator("td .bettors").getByText(fan.username).waitFor();
    wrong.push(...(await check(page, name("admin-import-check"))));
    await page.goto("/admin?tab=accounts");
    await page.locator("input[type=search]").fill(fan.username);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: fan.username }).waitFor();
    wrong.push(...(await check(page, name("admin-account"))));
    expect(wrong).toEqual([]);
    await closeClean(context);
  });
});

test.each([320, 2560])("nothing breaks at %d px", async (width) => {
  const context = await openContext(browser, { viewport: { width, height: 900 } });
  const page = await context.newPage();
  for (const path of [
    "/",
    `/matches/${matchId}`,
    "/schedule",
    "/standings",
    "/teams/T1",
    "/leaderboard",
    "/signup",
  ]) {
    await page.goto(path);
    await still(page);
    const wide = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(wide, path).toBeLessThanOrEqual(0);
    await page.screenshot({ path: `${REPORTS}edge-${width}${path.replaceAll("/", "_")}.png` });
  }
  await closeClean(context);
});

/** Waits until no match starts or ends for a while: that moves cards, and rightly; here the page only loads. */
async function quietMoment(): Promise<void> {
  await expect
    .poll(
      async () => {
        const response = await fetch(`${URL_OF}/api/league/matches?state=scheduled&limit=1`);
        const { items } = (await response.json()) as { items: { startsAt: string }[] };
        const left = Date.parse(items[0]?.startsAt ?? "") - Date.now();
        return left > 25_000 && left < 54_000;
      },
      { timeout: 90_000, interval: 500 },
    )
    .toBe(true);
}

test.each([360, 1440])("the home page does not jump while it loads at %d px", async (width) => {
  const context = await openContext(browser, { viewport: { width, height: 800 } });
  const page = await context.newPage();
  await page.addInitScript(() => {
    const shifts = globalThis as unknown as { shifted: number };
    shifts.shifted = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) shifts.shifted += (entry as unknown as { value: number }).value;
    }).observe({ type: "layout-shift", buffered: true });
  });
  await quietMoment();
  await page.goto("/");
  await page.locator("[data-link=open]").first().waitFor();
  await page.locator("button.outcome").first().waitFor();
  await still(page);
  expect(await page.evaluate(() => (globalThis as unknown as { shifted: number }).shifted)).toBeLessThan(
    0.02,
  );
  await closeClean(context);
});
