import { api, data } from "../api/client";
import type { Question } from "../api/types";
import { loadMarkets } from "./market-list";
import { useResource } from "./resource";
import { useWatched } from "./watch";

/** The questions about stages, of one tournament or of all. */
export async function listQuestions(tournament?: string): Promise<Question[]> {
  const query = tournament === undefined ? {} : { tournament };
  const found = await data(api.GET("/api/league/questions", { params: { query } }));
  return found.items;
}

/** Whether bets are or will be taken, or an answer is awaited. */
const isPending = (question: Question): boolean =>
  question.state === "scheduled" || question.state === "in_progress";

/** What is asked about a tournament's stages, while the markets of it are followed. Without a tournament nothing is. */
export function useQuestions(tournament: string | undefined): readonly Question[] {
  const key = tournament === undefined ? null : `questions ${tournament}`;
  const questions = useResource(key, () => listQuestions(tournament), { every: 30_000 });
  const asked = (questions.data ?? []).filter((question) => question.state !== "cancelled");
  const ids = asked.map((question) => question.questionId);
  useResource(ids.length > 0 ? `markets ${ids.join(" ")}` : null, () => loadMarkets(ids));
  useWatched(asked.filter(isPending).map((question) => question.questionId));
  return asked;
}
