import { useRef, useState } from "preact/hooks";
import { api, data } from "../../api/client";
import type { Text } from "../../api/types";
import { applyMarket } from "../../app/markets";
import { useAction } from "./act";
import { words } from "./words";

/** One answer a line: "네 | Yes", or one text for both languages. */
export function readAnswers(text: string): Text[] {
  return text
    .split("\n")
    .map((line) => line.split("|").map((part) => part.trim()))
    .filter(([ko]) => ko !== undefined && ko !== "")
    .map(([ko = "", en = ""]) => ({ ko, en: en === "" ? ko : en }));
}

/** A question of one's own. */
export function Ask({ matchId }: { matchId: string }) {
  const [ko, setKo] = useState("");
  const [en, setEn] = useState("");
  const [answers, setAnswers] = useState("");
  const { working, act } = useAction();
  // Kept until it worked, so that a lost answer opens no second market.
  const key = useRef(crypto.randomUUID());
  const outcomes = readAnswers(answers);
  const open = async (): Promise<void> => {
    const body = { matchId, question: { ko, en: en === "" ? ko : en }, outcomes };
    const params = { header: { "Idempotency-Key": key.current } };
    const done = await act(words().opened, async () => {
      applyMarket(await data(api.POST("/api/betting/markets", { params, body })));
    });
    if (!done) return;
    key.current = crypto.randomUUID();
    setKo("");
    setEn("");
    setAnswers("");
  };
  return (
    <details class="panel padded">
      <summary>{words().ask}</summary>
      <form
        class="stack ask"
        onSubmit={(event) => {
          event.preventDefault();
          void open();
        }}
      >
        <label class="field">
          <span>{words().questionKo}</span>
          <input class="input" required value={ko} onInput={(event) => setKo(event.currentTarget.value)} />
        </label>
        <label class="field">
          <span>{words().questionEn}</span>
          <input class="input" value={en} onInput={(event) => setEn(event.currentTarget.value)} />
        </label>
        <label class="field">
          <span>{words().answers}</span>
          <textarea
            class="input"
            rows={4}
            required
            value={answers}
            onInput={(event) => setAnswers(event.currentTarget.value)}
          />
          <span class="hint">{words().answersHint}</span>
        </label>
        <button
          type="submit"
          class="button"
          disabled={working || outcomes.length < 2 || outcomes.length > 20}
        >
          {words().open}
        </button>
      </form>
    </details>
  );
}
