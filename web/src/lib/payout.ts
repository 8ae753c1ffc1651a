/** What a stake would bring, by the same integer arithmetic as the server's. */
export interface Preview {
  /** Odds with the stake in the pool, rounded down to hundredths. */
  odds: number;
  /** Points paid if the outcome wins, the stake included, rounded down. */
  payout: number;
}

/** All in points. */
export interface Pools {
  market: number;
  outcome: number;
}

/** The smallest stake, in points. */
export const MIN_STAKE = 100;

/** Odds and payout of a stake that is not in the pools yet. */
export function preview(pools: Pools, stake: number): Preview | null {
  if (!Number.isSafeInteger(stake) || stake <= 0) return null;
  const pool = BigInt(pools.market) + BigInt(stake);
  const backing = BigInt(pools.outcome) + BigInt(stake);
  return {
    odds: Number((pool * 100n) / backing) / 100,
    payout: Number((BigInt(stake) * pool) / backing),
  };
}

/** What a stake that is in the pools already would bring. */
export function expected(pools: Pools, stake: number): number {
  if (pools.outcome <= 0) return 0;
  return Number((BigInt(stake) * BigInt(pools.market)) / BigInt(pools.outcome));
}

/** An outcome's part of its market's pool, 0 to 1; an even part while the pool is empty. */
export function share(pools: Pools, outcomes: number): number {
  return pools.market > 0 ? pools.outcome / pools.market : 1 / outcomes;
}

/** Why a stake cannot be placed, or null. */
export function stakeFault(stake: number | null, balance: number): "missing" | "small" | "balance" | null {
  if (stake === null || !Number.isSafeInteger(stake)) return "missing";
  if (stake < MIN_STAKE) return "small";
  return stake > balance ? "balance" : null;
}
