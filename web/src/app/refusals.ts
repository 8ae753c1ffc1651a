import { Refused, Unanswered } from "../api/errors";
import { t } from "../i18n";

/** A failure in plain words. */
export function inWords(error: unknown): string {
  const words = t().refusal;
  if (error instanceof Unanswered) return words.unanswered;
  if (!(error instanceof Refused)) return words.other;
  const known: unknown = (words as Record<string, unknown>)[error.code];
  if (typeof known === "string") return known;
  if (error.status === 429 && error.retryAfter !== null) return words.throttled(error.retryAfter);
  const byStatus: Record<number, string> = {
    401: words.signed_out,
    403: words.forbidden,
    404: words.not_found,
    429: words.rate_limited,
  };
  return byStatus[error.status] ?? (error.status >= 500 ? words.unavailable : words.other);
}

/** The server's word on one field, or null. */
export function fieldFault(error: unknown, field: string): string | null {
  if (!(error instanceof Refused)) return null;
  return error.problem?.errors.find((fault) => fault.field === field)?.message ?? null;
}
