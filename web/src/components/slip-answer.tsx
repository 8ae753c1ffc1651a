import { check, clear, phase, sheetOpen } from "../app/slip";
import { t } from "../i18n";
import { points } from "../lib/format";

function Accepted() {
  const words = t().slip;
  if (phase.value.kind !== "accepted") return null;
  const { bet } = phase.value;
  return (
    <div class="slip-say good">
      <strong>{words.accepted}</strong>
      <span>{words.acceptedText(points(bet.stake), points(bet.potentialPayout ?? 0))}</span>
      <div class="row">
        <a class="button small" href="/bets" onClick={() => (sheetOpen.value = false)}>
          {words.seeBets}
        </a>
        <button
          type="button"
          class="button small"
          onClick={() => {
            phase.value = { kind: "editing" };
          }}
        >
          {words.another}
        </button>
        <button type="button" class="button small" onClick={clear}>
          {words.dismiss}
        </button>
      </div>
    </div>
  );
}

function Unanswered({ text, again }: { text: string; again: boolean }) {
  const words = t().slip;
  return (
    <div class="slip-say bad">
      <strong>{words.lostTitle}</strong>
      <span>{text}</span>
      <div class="row">
        <button type="button" class="button small" onClick={() => void check()}>
          {words.check}
        </button>
        {again && (
          <button type="button" class="button small" onClick={clear}>
            {words.forget}
          </button>
        )}
      </div>
    </div>
  );
}

/** What became of the bet. */
export function SlipAnswer() {
  const words = t().slip;
  const now = phase.value;
  return (
    <div role="status">
      {now.kind === "accepted" && <Accepted />}
      {now.kind === "waiting" && (
        <Unanswered text={now.why === "lost" ? words.lostText : words.busy} again={false} />
      )}
      {now.kind === "stalled" && <Unanswered text={words.lostOld} again />}
      {now.kind === "refused" && (
        <div class="slip-say bad">
          <strong>{now.text}</strong>
        </div>
      )}
    </div>
  );
}
