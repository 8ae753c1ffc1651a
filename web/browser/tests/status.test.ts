import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { closeClean, launch, openContext, tolerate } from "./browser";
import { Proxy } from "./proxy";

let browser: Browser;

/** What browsers say of requests that got no answer. */
const CONNECTION = /Failed to load resource: net::|ERR_CONNECTION|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE/;

beforeAll(async () => {
  browser = await launch();
});

afterAll(() => browser.close());

/** Where the panels of the page are, from its top. */
function places(page: Page): Promise<number[][]> {
  return page.evaluate(() => {
    const top = document.querySelector("main h1")?.getBoundingClientRect().top ?? 0;
    return [...document.querySelectorAll("main section")].map((section) => {
      const box = section.getBoundingClientRect();
      return [box.left, box.top - top, box.width, box.height].map(Math.round);
    });
  });
}

test.each([
  ["a phone", 360],
  ["a desktop", 1440],
])(
  "on %s anybody sees how the system is, and goes on seeing it while the server is gone",
  async (_, width) => {
    const proxy = new Proxy();
    await proxy.open();
    const context = await openContext(browser, { at: proxy.url, viewport: { width, height: 800 } });
    const page = await context.newPage();
    await page.goto("/teams");

    // The keyboard alone leads there, backwards from the end of the page.
    const link = page.getByRole("link", { name: "서비스 상태" });
    await link.waitFor();
    for (let step = 0; step < 20; step += 1) {
      await page.keyboard.press("Shift+Tab");
      if (await link.evaluate((element) => element === document.activeElement)) break;
    }
    await page.keyboard.press("Enter");
    await page.waitForURL("**/status");
    await page.getByRole("heading", { name: "모두 정상입니다" }).waitFor();
    const points = page.locator("section", { has: page.getByRole("heading", { name: "포인트 점검" }) });
    expect(await points.locator("b").innerText()).toBe("0");
    await points.getByText(/전에 새 기록을 모두 확인/).waitFor();

    // While it loads nothing but the figures is missing, and nothing moves when they come.
    let answer: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (answer = resolve));
    await page.route("**/api/status", async (route) => {
      await released;
      await route.continue();
    });
    await page.reload();
    await page.locator("main .skeleton").first().waitFor();
    const before = await places(page);
    answer();
    await page.locator("main .skeleton").first().waitFor({ state: "detached" });
    expect(await places(page)).toEqual(before);

    tolerate(context, CONNECTION);
    await proxy.cut();
    await page.getByText(/새로 읽지 못했습니다/).waitFor();
    expect(await points.locator("b").innerText()).toBe("0");
    await proxy.open();
    await page.getByText(/전에 확인/).waitFor();
    await proxy.cut();
    await closeClean(context);
  },
);
