import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";

export interface Resource<T> {
  data: T | undefined;
  error: unknown;
  loading: boolean;
}

interface Entry<T> {
  state: Signal<Resource<T>>;
  running: Promise<void> | null;
  again: boolean;
}

const cache = new Map<string, Entry<unknown>>();

function entry<T>(key: string): Entry<T> {
  let found = cache.get(key);
  if (!found) {
    found = { state: signal({ data: undefined, error: null, loading: false }), running: null, again: false };
    cache.set(key, found);
  }
  return found as Entry<T>;
}

async function fill<T>(target: Entry<T>, load: () => Promise<T>): Promise<void> {
  const { state } = target;
  state.value = { ...state.peek(), loading: true };
  try {
    state.value = { data: await load(), error: null, loading: false };
  } catch (error) {
    state.value = { data: state.peek().data, error, loading: false };
  }
}

/** Loads into the cache. While a load is under way, a further wish leads to one more afterwards. */
function reload<T>(key: string, load: () => Promise<T>): Promise<void> {
  const target = entry<T>(key);
  if (target.running) {
    target.again = true;
    return target.running;
  }
  target.running = fill(target, load).then(() => {
    target.running = null;
    if (!target.again) return;
    target.again = false;
    return reload(key, load);
  });
  return target.running;
}

/** Loads, unless that is under way already. */
function ensure<T>(key: string, load: () => Promise<T>): void {
  if (!entry<T>(key).running) void reload(key, load);
}

export interface Options {
  /** Loads again this often, in milliseconds, while the page is seen. */
  every?: number;
}

/** Data by key: shown from the cache at once, and read anew. A null key loads nothing. */
export function useResource<T>(
  key: string | null,
  load: () => Promise<T>,
  { every }: Options = {},
): Resource<T> & { reload: () => void; signal: ReadonlySignal<Resource<T>> } {
  const found = entry<T>(key ?? "");
  const again = useMemo(
    () => () => {
      if (key !== null) void reload(key, load);
    },
    [key],
  );
  useEffect(() => {
    if (key !== null) ensure(key, load);
    addEventListener("online", again);
    const timer = every
      ? setInterval(() => {
          if (document.visibilityState === "visible") again();
        }, every)
      : undefined;
    return () => {
      removeEventListener("online", again);
      clearInterval(timer);
    };
  }, [again, every]);
  const state = found.state.value;
  const waiting = key !== null && state.data === undefined && state.error === null;
  return { ...state, loading: state.loading || waiting, reload: again, signal: found.state };
}

/** What belongs to the one who was logged in. */
export function forgetResources(prefix: string): void {
  for (const key of [...cache.keys()]) if (key.startsWith(prefix)) cache.delete(key);
}
