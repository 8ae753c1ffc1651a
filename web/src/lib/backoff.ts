/** Milliseconds to wait before attempt `attempt` (from 1): exponential with jitter, between a half and the whole of its step. */
export function backoff(attempt: number, random: () => number = Math.random): number {
  const step = Math.min(15_000, 500 * 2 ** Math.min(attempt - 1, 10));
  return Math.round(step * (0.5 + random() / 2));
}

/** Resolves after `ms`, or at once when the signal aborts. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) {
      resolve();
      return;
    }
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done);
  });
}
