import { render, screen } from "@testing-library/preact";
import { beforeEach, expect, it } from "vitest";
import { applyMarket, clearMarkets } from "../../src/app/markets";
import { History } from "../../src/features/bets/history";
import { OpenBet } from "../../src/features/bets/open-bet";
import { bet, market } from "./make";

beforeEach(clearMarkets);

const target = (): string | null => screen.getByRole("link", { name: "누가 이길까요?" }).getAttribute("href");

it.each([
  ["champion", "questions"],
  ["first", "questions"],
  ["exact_score", "matches"],
] as const)("a bet on a market of the template %s leads to the page under %s", (template, under) => {
  const asked = market({ template });
  const path = `/${under}/${asked.matchId}`;
  applyMarket(asked);
  const { unmount } = render(<OpenBet bet={bet(asked, 500)} />);
  expect(target()).toBe(path);
  unmount();
  render(<History bets={[{ ...bet(asked, 500), state: "lost" }]} />);
  expect(target()).toBe(path);
});
