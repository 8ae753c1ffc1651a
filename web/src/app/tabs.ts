import type { Account } from "../api/types";

/** What tabs of one browser tell each other. Tokens stay in memory: a channel is not a store. */
export type TabMessage =
  { kind: "session"; token: string; expiresAt: number; account: Account } | { kind: "signed-out" };

export interface Tabs {
  tell: (message: TabMessage) => void;
  listen: (heard: (message: TabMessage) => void) => void;
  /** Runs alone among all tabs. */
  alone: <T>(work: () => Promise<T>) => Promise<T>;
}

/** Tabs of this browser. Without Web Locks every tab refreshes for itself, which the server allows. */
export function browserTabs(): Tabs {
  const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel("loljoa") : null;
  return {
    tell: (message) => channel?.postMessage(message),
    listen: (heard) =>
      channel?.addEventListener("message", (event: MessageEvent<TabMessage>) => heard(event.data)),
    alone: async (work) => {
      const locks = (navigator as Partial<Navigator>).locks;
      return locks ? await locks.request("loljoa.refresh", work) : await work();
    },
  };
}
