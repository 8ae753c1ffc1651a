import type { BrowserContext, Locator, Page } from "playwright-core";
import type { Market } from "../../src/api/types";
import type { Client } from "./server";

/** Logs in through the page. */
export async function logIn(context: BrowserContext, who: Client, to = "/"): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`/login?to=${encodeURIComponent(to)}`);
  await page.fill("[name=username]", who.username);
  await page.fill("[name=password]", who.password);
  await page.click("main button[type=submit]");
  await page.waitForURL((url) => url.pathname + url.search === to);
  return page;
}

/** A market on its match's page, known by its question. */
export function marketOn(page: Page, market: Market): Locator {
  return page.locator(`section.market[aria-label="${market.question.ko}"]`);
}

/** Waits until the page's odds are live. */
export async function live(page: Page): Promise<void> {
  await page.locator("[data-link=open]").first().waitFor();
}

/** Puts an answer of a market on the slip, with a stake. */
export async function pickAnswer(page: Page, market: Market, answer: string, stake: number): Promise<void> {
  await marketOn(page, market)
    .getByRole("button", { name: new RegExp(`^베팅: ${answer} `) })
    .click();
  await page.fill("#stake", String(stake));
}

export function confirmButton(page: Page): Locator {
  return page.locator(".slip form button[type=submit]");
}

export async function placeBet(page: Page, market: Market, answer: string, stake: number): Promise<void> {
  await pickAnswer(page, market, answer, stake);
  await confirmButton(page).click();
  await page.getByText("베팅이 접수되었습니다").waitFor();
}

/** The points that the header shows. */
export async function shownPoints(page: Page): Promise<number> {
  const text = await page.locator(".top-points").innerText();
  return Number(/([\d,]+)\s*P/.exec(text)?.[1]?.replaceAll(",", ""));
}

/** What a new account has: the welcome points and those of its first day. */
export const FRESH_POINTS = 1500;

/** Waits until the header shows these points. */
export async function hasPoints(page: Page, points: number): Promise<void> {
  await page.locator(".top-points", { hasText: points.toLocaleString("en-US") }).waitFor();
}
