import createClient from "openapi-fetch";
import { Unanswered, refusal } from "./errors";
import type { paths } from "./schema";

/** Who speaks for the person at the screen. */
export interface Authority {
  /** A token that is good now, renewed if it must be; null when nobody is logged in. */
  token: () => Promise<string | null>;
  /** Called with a token that the server refused. */
  renew: (refused: string) => Promise<string | null>;
}

/** Hears what every answer tells about the connection and the time. */
export interface Listener {
  answered: (response: Response, sentAt: number) => void;
  unanswered: () => void;
}

let authority: Authority = { token: () => Promise.resolve(null), renew: () => Promise.resolve(null) };
let listener: Listener = { answered: () => undefined, unanswered: () => undefined };

export function setAuthority(next: Authority): void {
  authority = next;
}

export function setListener(next: Listener): void {
  listener = next;
}

/** One request as it is. Throws `Unanswered` when no answer came. */
export async function send(request: Request): Promise<Response> {
  const sentAt = Date.now();
  try {
    const response = await globalThis.fetch(request);
    listener.answered(response, sentAt);
    return response;
  } catch (error) {
    if (request.signal.aborted) throw error;
    listener.unanswered();
    throw new Unanswered(error);
  }
}

/** One request with the access token; refused once as expired, it goes again with a new token. */
export async function authorised(request: Request): Promise<Response> {
  const token = await authority.token();
  if (token === null) return send(request);
  const again = request.clone();
  request.headers.set("authorization", `Bearer ${token}`);
  const response = await send(request);
  if (response.status !== 401) return response;
  const renewed = await authority.renew(token);
  if (renewed === null) return response;
  again.headers.set("authorization", `Bearer ${renewed}`);
  return send(again);
}

const repeated = { querySerializer: { array: { style: "form", explode: true } } } as const;

/** The API, as its OpenAPI document describes it. */
export const api = createClient<paths>({ baseUrl: location.origin, fetch: authorised, ...repeated });

/** The same without a token: for what works by the session cookie. */
export const cookieApi = createClient<paths>({ baseUrl: location.origin, fetch: send, ...repeated });

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The data of an answer, or a thrown `Refused`. */
export async function data<T>(answer: Promise<Answer<T>>): Promise<NonNullable<T>> {
  const { data: value, error, response } = await answer;
  if (response.ok) return (value ?? {}) as NonNullable<T>;
  throw await refusal(response, error);
}
