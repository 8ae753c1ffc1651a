import { describe, expect, it } from "vitest";
import { expected, preview, share, stakeFault } from "../../src/lib/payout";

describe("the preview of a payout", () => {
  it("puts one's own stake into the pool first", () => {
    expect(preview({ market: 1000, outcome: 400 }, 100)).toEqual({ odds: 2.2, payout: 220 });
  });

  it("gives a lone bettor the stake back", () => {
    expect(preview({ market: 0, outcome: 0 }, 500)).toEqual({ odds: 1, payout: 500 });
  });

  it("rounds odds and payout down, as the server does", () => {
    expect(preview({ market: 1000, outcome: 650 }, 100)).toEqual({ odds: 1.46, payout: 146 });
  });

  it("stays exact where doubles would not", () => {
    const pools = { market: 9_000_000_000_000, outcome: 3_000_000_000_001 };
    expect(preview(pools, 1_000_000_000_000)?.payout).toBe(2_499_999_999_999);
  });

  it("has nothing to say about what is no stake", () => {
    expect(preview({ market: 10, outcome: 5 }, 0)).toBeNull();
    expect(preview({ market: 10, outcome: 5 }, 1.5)).toBeNull();
  });

  it("never promises less than nothing nor more than the pool", () => {
    for (let stake = 100; stake < 5000; stake += 137) {
      const seen = preview({ market: 7919, outcome: 3571 }, stake);
      expect(seen?.payout).toBeGreaterThanOrEqual(stake);
      expect(seen?.payout).toBeLessThanOrEqual(7919 + stake);
    }
  });
});

describe("a placed bet", () => {
  it("is expected to bring its part of the pool", () => {
    expect(expected({ market: 1000, outcome: 300 }, 100)).toBe(333);
    expect(expected({ market: 0, outcome: 0 }, 100)).toBe(0);
  });
});

it("an empty pool is shared evenly", () => {
  expect(share({ market: 0, outcome: 0 }, 4)).toBe(0.25);
  expect(share({ market: 200, outcome: 50 }, 2)).toBe(0.25);
});

it("a stake is 100 points or more and no more than one has", () => {
  expect(stakeFault(null, 1000)).toBe("missing");
  expect(stakeFault(99, 1000)).toBe("small");
  expect(stakeFault(1001, 1000)).toBe("balance");
  expect(stakeFault(1000, 1000)).toBeNull();
});
