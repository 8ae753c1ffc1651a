import { signal } from "@preact/signals";
import { createParser } from "eventsource-parser";
import { backoff, sleep } from "../lib/backoff";

export type Link = "idle" | "connecting" | "open" | "reconnecting";

export interface StreamPorts {
  /** Opens the stream; sends the token along if there is one. */
  connect: (matchIds: string[], signal: AbortSignal) => Promise<Response>;
  onEvent: (name: string, data: unknown) => void;
  random?: () => number;
}

/** The server takes this many matches on one connection. */
const MOST = 100;
/** Keep-alives come far more often: after this much silence the connection is dead. */
const SILENCE = 45_000;
/** Pages come and go together: what they watch is collected before reconnecting. */
const COLLECT = 120;

/** One connection for the whole page, whatever on it watches matches. */
export class LiveStream {
  readonly link = signal<Link>("idle");
  readonly #ports: StreamPorts;
  readonly #watched = new Map<string, number>();
  #served = new Set<string>();
  #own = false;
  #paused = false;
  #current: AbortController | null = null;
  #wake: AbortController | null = null;
  #planned: ReturnType<typeof setTimeout> | null = null;

  constructor(ports: StreamPorts) {
    this.#ports = ports;
  }

  /** Follows the markets of these matches until the returned function is called. */
  watch(matchIds: string[]): () => void {
    for (const id of matchIds) this.#watched.set(id, (this.#watched.get(id) ?? 0) + 1);
    this.#plan();
    return () => {
      for (const id of matchIds) {
        const left = (this.#watched.get(id) ?? 1) - 1;
        if (left > 0) this.#watched.set(id, left);
        else this.#watched.delete(id);
      }
      this.#plan();
    };
  }

  /** Follows one's own bets too: for each login a new connection, so that it carries the new token. */
  followOwn(own: boolean): void {
    this.#own = own;
    this.#restart();
  }

  /** A page that nobody sees gives its connection back. */
  pause(paused: boolean): void {
    if (this.#paused === paused) return;
    this.#paused = paused;
    this.#restart();
  }

  /** Ends a wait between two attempts. */
  hurry(): void {
    this.#wake?.abort();
  }

  #wanted(): string[] {
    return [...this.#watched.keys()].slice(-MOST);
  }

  #plan(): void {
    if (this.#planned !== null) return;
    this.#planned = setTimeout(() => {
      this.#planned = null;
      const wanted = this.#wanted();
      const idle = wanted.length === 0 && !this.#own;
      if (idle || this.#current === null || wanted.some((id) => !this.#served.has(id))) this.#restart();
    }, COLLECT);
  }

  #restart(): void {
    this.#current?.abort();
    this.#current = null;
    this.#wake?.abort();
    if (this.#paused || (this.#watched.size === 0 && !this.#own)) {
      this.link.value = "idle";
      return;
    }
    const current = new AbortController();
    this.#current = current;
    if (this.link.peek() !== "open" && this.link.peek() !== "reconnecting") this.link.value = "connecting";
    void this.#run(current.signal);
  }

  async #run(life: AbortSignal): Promise<void> {
    const over = (): boolean => life.aborted;
    for (let attempt = 1; !over(); attempt += 1) {
      try {
        await this.#connection(life, () => {
          attempt = 0;
          this.link.value = "open";
        });
      } catch {
        // Whatever went wrong, the answer is the same: connect again.
      }
      if (over()) return;
      this.link.value = "reconnecting";
      this.#wake = new AbortController();
      await sleep(backoff(Math.max(1, attempt), this.#ports.random), this.#wake.signal);
    }
  }

  async #connection(life: AbortSignal, opened: () => void): Promise<void> {
    const one = new AbortController();
    const end = (): void => one.abort();
    life.addEventListener("abort", end);
    let silence = setTimeout(end, SILENCE);
    try {
      const matchIds = this.#wanted();
      this.#served = new Set(matchIds);
      const response = await this.#ports.connect(matchIds, one.signal);
      if (!response.ok || response.body === null) throw new Error(`stream refused: ${response.status}`);
      opened();
      const parser = createParser({ onEvent: (event) => this.#deliver(event.event, event.data) });
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        if (life.aborted) return;
        clearTimeout(silence);
        silence = setTimeout(end, SILENCE);
        parser.feed(part.value);
      }
    } finally {
      clearTimeout(silence);
      life.removeEventListener("abort", end);
      one.abort();
    }
  }

  #deliver(name: string | undefined, data: string): void {
    let value: unknown;
    try {
      value = JSON.parse(data);
    } catch {
      return;
    }
    this.#ports.onEvent(name ?? "message", value);
  }
}
