import type { Problem } from "./types";

/** The server answered no. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem | null,
    /** Seconds after which trying again makes sense. */
    readonly retryAfter: number | null,
  ) {
    super(problem?.detail ?? `HTTP ${status}`);
  }

  /** Stable, such as `market_locked`. */
  get code(): string {
    return this.problem?.code ?? `http_${this.status}`;
  }

  /** True where the same request can succeed later: overload, restarts, time-outs. */
  get temporary(): boolean {
    return this.status === 429 || this.status === 408 || this.status >= 500;
  }
}

/** No answer came, so nobody knows what the server did. */
export class Unanswered extends Error {
  constructor(cause: unknown) {
    super("no answer", { cause });
  }
}

async function readProblem(response: Response): Promise<Problem | null> {
  if (!response.headers.get("content-type")?.includes("json")) return null;
  try {
    return (await response.json()) as Problem;
  } catch {
    return null;
  }
}

/** The error of a response that is not a success. */
export async function refusal(response: Response, body?: unknown): Promise<Refused> {
  const problem = isProblem(body) ? body : body === undefined ? await readProblem(response) : null;
  const header = Number(response.headers.get("retry-after"));
  const after = problem?.retryAfter ?? (Number.isFinite(header) && header > 0 ? header : null);
  return new Refused(response.status, problem, after);
}

function isProblem(body: unknown): body is Problem {
  return typeof body === "object" && body !== null && "code" in body && "status" in body;
}
