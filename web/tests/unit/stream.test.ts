import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LiveStream } from "../../src/app/stream";

/** One connection as the server holds it. */
class Connection {
  readonly response: Response;
  closed = false;
  #out!: ReadableStreamDefaultController<Uint8Array>;

  constructor(
    readonly matchIds: string[],
    signal: AbortSignal,
  ) {
    const body = new ReadableStream<Uint8Array>({ start: (out) => void (this.#out = out) });
    signal.addEventListener("abort", () => {
      if (!this.closed) this.#out.error(new DOMException("aborted", "AbortError"));
      this.closed = true;
    });
    this.response = new Response(body, { headers: { "content-type": "text/event-stream" } });
  }

  send(text: string): void {
    this.#out.enqueue(new TextEncoder().encode(text));
  }

  end(): void {
    this.closed = true;
    this.#out.close();
  }
}

let connections: Connection[];
let events: [string, unknown][];
let failing: boolean;
let stream: LiveStream;

beforeEach(() => {
  vi.useFakeTimers();
  connections = [];
  events = [];
  failing = false;
  stream = new LiveStream({
    connect: (matchIds, signal) => {
      if (failing) return Promise.reject(new TypeError("no network"));
      const connection = new Connection(matchIds, signal);
      connections.push(connection);
      return Promise.resolve(connection.response);
    },
    onEvent: (name, data) => events.push([name, data]),
    random: () => 1,
  });
});

afterEach(() => {
  stream.pause(true);
  vi.useRealTimers();
});

const settle = (ms = 200): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);
const present = (): Connection | undefined => connections.at(-1);

describe("the live stream", () => {
  it("carries all matches of a page on one connection", async () => {
    stream.watch(["a", "b"]);
    stream.watch(["b", "c"]);
    await settle();
    expect(connections).toHaveLength(1);
    expect(present()?.matchIds).toEqual(["a", "b", "c"]);
    expect(stream.link.value).toBe("open");
  });

  it("delivers events, also when they arrive in pieces", async () => {
    stream.watch(["a"]);
    await settle();
    present()?.send('event: hello\ndata: {"serverTime":"2026-11-23T10:00:00Z"}\n\nevent: mar');
    present()?.send('ket\ndata: {"marketId":"m"}\n\n: keep-alive\n\nevent: market\ndata: not json\n\n');
    await settle();
    expect(events).toEqual([
      ["hello", { serverTime: "2026-11-23T10:00:00Z" }],
      ["market", { marketId: "m" }],
    ]);
  });

  it("connects anew only for matches that it does not carry", async () => {
    const stop = stream.watch(["a", "b"]);
    await settle();
    stream.watch(["a"]);
    stop();
    await settle();
    expect(connections).toHaveLength(1);
    stream.watch(["z"]);
    await settle();
    expect(connections).toHaveLength(2);
    expect(present()?.matchIds).toEqual(["a", "z"]);
    expect(connections[0]?.closed).toBe(true);
  });

  it("shows that it lost its connection, waits longer each time, and comes back", async () => {
    stream.watch(["a"]);
    await settle();
    failing = true;
    present()?.end();
    await settle(10);
    expect(stream.link.value).toBe("reconnecting");
    await settle(2000);
    expect(connections).toHaveLength(1);
    failing = false;
    await settle(8000);
    expect(stream.link.value).toBe("open");
    expect(connections).toHaveLength(2);
  });

  it("tries at once when told to hurry", async () => {
    stream.watch(["a"]);
    await settle();
    failing = true;
    present()?.end();
    await settle(20_000);
    failing = false;
    stream.hurry();
    await settle(10);
    expect(stream.link.value).toBe("open");
  });

  it("takes a long silence for a dead connection", async () => {
    stream.watch(["a"]);
    await settle();
    await settle(40_000);
    present()?.send(": keep-alive\n\n");
    await settle(40_000);
    expect(connections).toHaveLength(1);
    await settle(6000);
    expect(connections).toHaveLength(2);
  });

  it("is given back when nothing is watched or nobody looks", async () => {
    const stop = stream.watch(["a"]);
    await settle();
    stream.pause(true);
    await settle();
    expect([stream.link.value, present()?.closed]).toEqual(["idle", true]);
    stream.pause(false);
    await settle();
    expect(stream.link.value).toBe("open");
    stop();
    await settle();
    expect(stream.link.value).toBe("idle");
  });

  it("follows one's own bets without any match, with a new connection at each login", async () => {
    stream.followOwn(true);
    await settle();
    expect(present()?.matchIds).toEqual([]);
    stream.followOwn(true);
    await settle();
    expect(connections).toHaveLength(2);
  });
});
