import { account, phase as session } from "../app/session";
import { market as find } from "../app/markets";
import { busy, clear, confirm, phase, pick, stake } from "../app/slip";
import { pick as text, t } from "../i18n";
import { points, signed } from "../lib/format";
import { preview, stakeFault } from "../lib/payout";
import type { Market, Outcome } from "../api/types";
import { outcomeName } from "./market-words";
import { Odds } from "./outcome";
import { SlipAnswer } from "./slip-answer";
import { StakeInput } from "./stake-input";
import { Icon } from "./icon";

interface Chosen {
  market: Market;
  outcome: Outcome;
}

function chosen(): Chosen | null {
  const market = pick.value ? find(pick.value.marketId)?.value : undefined;
  const outcome = market?.outcomes.find((one) => one.outcomeId === pick.value?.outcomeId);
  return market && outcome ? { market, outcome } : null;
}

function Picked({ market, outcome }: Chosen) {
  return (
    <div class="slip-pick">
      <span class="small muted">{text(market.question)}</span>
      <Odds value={outcome.odds} />
      <span class="answer">{outcomeName(outcome)}</span>
    </div>
  );
}

function Lines({ market, outcome }: Chosen) {
  const words = t().slip;
  const seen = preview({ market: market.pool, outcome: outcome.pool }, stake.value ?? 0);
  return (
    <dl class="slip-lines">
      <div>
        <dt>{words.odds}</dt>
        <dd class="num">{seen ? seen.odds.toFixed(2) : "–"}</dd>
      </div>
      <div>
        <dt>{words.net}</dt>
        <dd class="num">{seen ? signed(seen.payout - (stake.value ?? 0)) : "–"}</dd>
      </div>
      <div class="total">
        <dt>{words.payout}</dt>
        <dd class="num">
          {seen ? points(seen.payout) : "–"} <span class="unit">{t().app.unit}</span>
        </dd>
      </div>
    </dl>
  );
}

function Form(props: Chosen) {
  const words = t().slip;
  const balance = account.value?.points ?? 0;
  const open = props.market.state === "open";
  const fault = stakeFault(stake.value, balance);
  const shownFault = fault === "missing" ? null : fault;
  if (!open && !busy.value) return <p class="slip-say bad">{words.closed}</p>;
  if (session.value === "out") {
    return (
      <a class="button primary wide" href={`/login?to=${encodeURIComponent(location.pathname)}`}>
        {words.logIn}
      </a>
    );
  }
  return (
    <form
      class="slip"
      onSubmit={(event) => {
        event.preventDefault();
        if (fault === null) void confirm();
      }}
    >
      <StakeInput balance={balance} fault={shownFault} disabled={busy.value} />
      <Lines {...props} />
      <button type="submit" class="button primary wide" disabled={fault !== null || busy.value}>
        {phase.value.kind === "sending"
          ? words.sending
          : stake.value === null
            ? words.confirmEmpty
            : words.confirm(points(stake.value))}
      </button>
      <p class="hint">{words.payoutHint}</p>
    </form>
  );
}

/** The bet slip, wherever it stands. */
export function SlipBody({ onClose }: { onClose?: () => void }) {
  const words = t().slip;
  const there = chosen();
  return (
    <div class="slip">
      <div class="slip-head">
        <h2>{words.title}</h2>
        {there && !busy.value && phase.value.kind !== "accepted" && (
          <button type="button" class="text-button end" onClick={clear}>
            {words.remove}
          </button>
        )}
        {onClose && (
          <button type="button" class="icon-button" aria-label={t().state.close} onClick={onClose}>
            <Icon name="close" />
          </button>
        )}
      </div>
      <SlipAnswer />
      {there ? (
        phase.value.kind !== "accepted" && (
          <>
            <Picked {...there} />
            <Form {...there} />
          </>
        )
      ) : (
        <div class="slip-empty">
          <Icon name="slip" size={32} />
          <p>{words.empty}</p>
        </div>
      )}
    </div>
  );
}
