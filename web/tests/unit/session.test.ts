import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Tabs, TabMessage } from "../../src/app/tabs";
import { Server, account, json, problem } from "./make";

/** The tabs of one browser: they hear each other, and one at a time is alone. */
class Browser {
  readonly #heard = new Map<number, (message: TabMessage) => void>();
  #turn: Promise<unknown> = Promise.resolve();
  #tabs = 0;

  tab(): Tabs {
    this.#tabs += 1;
    const own = this.#tabs;
    return {
      tell: (message) => {
        for (const [tab, heard] of this.#heard) if (tab !== own) heard(message);
      },
      listen: (heard) => void this.#heard.set(own, heard),
      alone: (work) => {
        const result = this.#turn.then(work);
        this.#turn = result.catch(() => undefined);
        return result;
      },
    };
  }
}

type SessionModule = typeof import("../../src/app/session");

/** A page load: modules, and with them the token in memory, begin anew. */
async function open(browser: Browser): Promise<SessionModule> {
  vi.resetModules();
  const session = await import("../../src/app/session");
  await session.restore(browser.tab());
  return session;
}

const who = account();
const opened = (token: string, expiresIn = 900): Response =>
  json({ account: who, accessToken: token, expiresIn });
let server: Server;
let browser: Browser;

beforeEach(() => {
  server = new Server();
  browser = new Browser();
  vi.stubGlobal("fetch", server.fetch);
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe("arriving", () => {
  it("asks nothing of the server when nobody was logged in", async () => {
    const session = await open(browser);
    expect(session.phase.value).toBe("out");
    expect(server.asked).toHaveLength(0);
  });

  it("takes up an earlier session by its cookie", async () => {
    localStorage.setItem("loljoa.session", "1");
    server.on("POST /api/account/refresh", () => opened("one"));
    const session = await open(browser);
    expect(session.phase.value).toBe("in");
    expect(session.account.value?.username).toBe(who.username);
    expect(await session.accessToken()).toBe("one");
  });

  it("is logged out when the session is over", async () => {
    localStorage.setItem("loljoa.session", "1");
    server.on("POST /api/account/refresh", () => problem(401, "session_over"));
    const session = await open(browser);
    expect(session.phase.value).toBe("out");
    expect(localStorage.getItem("loljoa.session")).toBeNull();
  });

  it("keeps trying while the server is away", async () => {
    vi.useFakeTimers();
    localStorage.setItem("loljoa.session", "1");
    server.on("POST /api/account/refresh", () => Promise.reject(new TypeError("gone")));
    server.on("POST /api/account/refresh", () => problem(503, "unavailable"));
    server.on("POST /api/account/refresh", () => opened("one"));
    const arriving = open(browser);
    await vi.advanceTimersByTimeAsync(5000);
    expect((await arriving).phase.value).toBe("in");
    expect(server.asked).toHaveLength(3);
  });

  it("stores no token anywhere", async () => {
    server.on("POST /api/account/login", () => opened("secret"));
    const session = await open(browser);
    await session.logIn("fan", "correct horse");
    const values = (store: Storage): (string | null)[] =>
      Array.from({ length: store.length }, (_, index) => store.getItem(store.key(index) ?? ""));
    expect([...values(localStorage), ...values(sessionStorage), document.cookie].join(" ")).not.toContain(
      "secret",
    );
  });
});

describe("a token near its end", () => {
  it("is renewed once, however many ask at a time", async () => {
    server.on("POST /api/account/login", () => opened("old", 10));
    server.on("POST /api/account/refresh", () => opened("new"));
    const session = await open(browser);
    await session.logIn("fan", "correct horse");
    const tokens = await Promise.all([session.accessToken(), session.accessToken(), session.renew("old")]);
    expect(tokens).toEqual(["new", "new", "new"]);
    expect(server.to("/api/account/refresh")).toHaveLength(1);
  });

  it("is renewed by one tab for all of them", async () => {
    server.on("POST /api/account/login", () => opened("old"));
    server.on("POST /api/account/refresh", () => opened("new"));
    const first = await open(browser);
    const second = await open(browser);
    await first.logIn("fan", "correct horse");
    expect(await second.accessToken()).toBe("old");
    const tokens = await Promise.all([first.renew("old"), second.renew("old")]);
    expect(tokens).toEqual(["new", "new"]);
    expect(server.to("/api/account/refresh")).toHaveLength(1);
  });

  it("survives a server that is away for a moment", async () => {
    server.on("POST /api/account/login", () => opened("old"));
    server.on("POST /api/account/refresh", () => problem(503, "unavailable"));
    const session = await open(browser);
    await session.logIn("fan", "correct horse");
    await expect(session.renew("old")).rejects.toMatchObject({ status: 503 });
    expect(session.phase.value).toBe("in");
  });
});

describe("logging out", () => {
  it("logs out every tab", async () => {
    server.on("POST /api/account/login", () => opened("one"));
    server.on("POST /api/account/logout", () => new Response(null, { status: 204 }));
    const first = await open(browser);
    const second = await open(browser);
    await first.logIn("fan", "correct horse");
    expect(second.phase.value).toBe("in");
    await second.logOut();
    expect([first.phase.value, second.phase.value]).toEqual(["out", "out"]);
    expect(await first.accessToken()).toBeNull();
  });

  it("does not happen when the server did not hear of it", async () => {
    server.on("POST /api/account/login", () => opened("one"));
    server.on("POST /api/account/logout", () => Promise.reject(new TypeError("gone")));
    const session = await open(browser);
    await session.logIn("fan", "correct horse");
    await expect(session.logOut()).rejects.toThrow();
    expect(session.phase.value).toBe("in");
  });
});
