// The pictures of the README, taken from the LOL.JOA at LOLJOA_URL into docs/screenshots/.
import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const url = process.env.LOLJOA_URL;
if (!url) {
  console.error("LOLJOA_URL says where LOL.JOA runs, such as http://127.0.0.1:8080");
  process.exit(64);
}
const target = fileURLToPath(new URL("../../docs/screenshots/", import.meta.url));
mkdirSync(target, { recursive: true });

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const DESKTOP = { viewport: { width: 1280, height: 800 } };
const PHONE = { viewport: { width: 390, height: 780 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: FLAGS,
});

async function open(options) {
  const context = await browser.newContext({
    baseURL: url,
    timezoneId: "Asia/Seoul",
    locale: "ko-KR",
    ...options,
  });
  const page = await context.newPage();
  await page.goto("/signup");
  await page.fill("[name=username]", `fan_${randomUUID().slice(0, 8)}`);
  await page.fill("[name=password]", randomUUID());
  await page.click("main button[type=submit]");
  await page.waitForURL(`${url}/`);
  await page.locator("[data-link=open]").waitFor();
  return page;
}

/** A match is being played, stakes are there, and the notices are gone. */
async function ready(page) {
  await page.locator(".match-grid.live .match-card").waitFor({ timeout: 180_000 });
  await page.waitForFunction(() => document.querySelectorAll(".pool-bar:not(.unfed)").length >= 5, null, {
    timeout: 180_000,
  });
  for (const close of await page.locator(".toast button").all()) await close.click();
}

async function bet(page, card, chip) {
  await page.locator(".match-card:has(button.outcome)").nth(card).locator("button.outcome").first().click();
  await page.locator(".slip-chips .chip").nth(chip).click();
}

async function shoot(page, name) {
  await page.waitForTimeout(600);
  await page.screenshot({ path: `${target}${name}.png` });
  console.log(`docs/screenshots/${name}.png`);
}

const desk = await open({ ...DESKTOP, colorScheme: "dark" });
await ready(desk);
await bet(desk, 1, 1);
await shoot(desk, "home-dark");

const light = await open({ ...DESKTOP, colorScheme: "light" });
await ready(light);
await bet(light, 2, 0);
await light.locator(".slip form button[type=submit]").click();
await light.locator(".slip-say.good").waitFor();
await light.goto("/bets");
await light.locator("[data-bet]").waitFor();
await shoot(light, "bets-light");
await light.goto("/standings");
await light.locator(".team-link").first().waitFor();
await shoot(light, "standings-light");

const phone = await open({ ...PHONE, colorScheme: "dark" });
await ready(phone);
await shoot(phone, "phone-home");
await bet(phone, 1, 1);
await shoot(phone, "phone-slip");
await phone.goto("/leaderboard");
await phone.locator(".board tbody tr").nth(5).waitFor();
await shoot(phone, "phone-leaderboard");

await browser.close();
