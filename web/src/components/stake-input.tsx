import { stake } from "../app/slip";
import { t } from "../i18n";
import { points } from "../lib/format";

const STEPS = [100, 500, 1000] as const;

interface Props {
  balance: number;
  fault: "small" | "balance" | null;
  disabled: boolean;
}

function read(value: string): number | null {
  const digits = value.replaceAll(/\D/g, "").slice(0, 12);
  return digits === "" ? null : Number(digits);
}

/** The stake: typed, or put together from chips. */
export function StakeInput({ balance, fault, disabled }: Props) {
  const words = t().slip;
  const set = (next: number): void => {
    stake.value = Math.min(next, balance);
  };
  return (
    <div class="field">
      <label for="stake">
        {words.stake}{" "}
        <span class="muted small">
          {words.balance} <b class="num">{points(balance)}</b>
        </span>
      </label>
      <div class="slip-stake">
        <input
          id="stake"
          class="input number"
          inputMode="numeric"
          autoComplete="off"
          value={stake.value === null ? "" : points(stake.value)}
          aria-invalid={fault !== null}
          aria-describedby="stake-fault"
          disabled={disabled}
          onInput={(event) => {
            stake.value = read(event.currentTarget.value);
            event.currentTarget.value = stake.value === null ? "" : points(stake.value);
          }}
        />
        <span class="unit">{t().app.unit}</span>
      </div>
      <p id="stake-fault" class="fault fault-space" aria-live="polite">
        {fault === null ? "" : words.fault[fault]}
      </p>
      <div class="slip-chips">
        {STEPS.map((step) => (
          <button
            key={step}
            type="button"
            class="chip"
            aria-label={words.add(points(step))}
            disabled={disabled || balance < (stake.value ?? 0) + step}
            onClick={() => set((stake.value ?? 0) + step)}
          >
            +{points(step)}
          </button>
        ))}
        <button
          type="button"
          class="chip"
          disabled={disabled || balance < 200}
          onClick={() => set(Math.floor(balance / 2))}
        >
          {words.half}
        </button>
        <button type="button" class="chip" disabled={disabled || balance < 100} onClick={() => set(balance)}>
          {words.all}
        </button>
        <button type="button" class="chip" disabled={disabled} onClick={() => (stake.value = null)}>
          {words.clear}
        </button>
      </div>
    </div>
  );
}
