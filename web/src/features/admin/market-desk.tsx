import { useState } from "preact/hooks";
import { api, data } from "../../api/client";
import type { Market as MarketData } from "../../api/types";
import { applyMarket, market as find } from "../../app/markets";
import { Market } from "../../components/market";
import { type About, outcomeName } from "../../components/market-words";
import { t } from "../../i18n";
import { odds, points } from "../../lib/format";
import { useAction } from "./act";
import { Confirm } from "./confirm";
import { words } from "./words";

interface DialogProps {
  market: MarketData;
  onClose: () => void;
}

/** What a settlement on this outcome would pay. */
function Payment({ market, outcomeId }: { market: MarketData; outcomeId: string }) {
  const outcome = market.outcomes.find((one) => one.outcomeId === outcomeId);
  if (!outcome) return null;
  if (outcome.pool === 0) return <p class="slip-say bad">{words().refunds(points(market.pool))}</p>;
  const winners = t().market.bettors(outcome.bettors);
  return (
    <>
      <dl class="slip-lines">
        <div>
          <dt>{words().pool}</dt>
          <dd class="num">{points(market.pool)}</dd>
        </div>
        <div>
          <dt>{words().winning}</dt>
          <dd class="num">{points(outcome.pool)}</dd>
        </div>
        <div>
          <dt>{words().winners}</dt>
          <dd class="num">{winners}</dd>
        </div>
        <div>
          <dt>{words().odds}</dt>
          <dd class="num">{odds(outcome.odds)}</dd>
        </div>
      </dl>
      <p class="slip-say good">{words().pays(points(market.pool), winners)}</p>
    </>
  );
}

function Answer({ market, chosen, set }: { market: MarketData; chosen: string; set: (id: string) => void }) {
  return (
    <label class="field">
      <span>{words().outcome}</span>
      <select class="input" value={chosen} onChange={(event) => set(event.currentTarget.value)}>
        <option value="">–</option>
        {market.outcomes.map((outcome) => (
          <option key={outcome.outcomeId} value={outcome.outcomeId}>
            {outcomeName(outcome)}
          </option>
        ))}
      </select>
    </label>
  );
}

function Settle({ market, onClose }: DialogProps) {
  const [outcomeId, setOutcome] = useState("");
  const { working, act } = useAction();
  const settle = async (): Promise<void> => {
    const params = { path: { marketId: market.marketId } };
    const done = await act(words().settled, async () => {
      applyMarket(
        await data(api.POST("/api/betting/markets/{marketId}/settle", { params, body: { outcomeId } })),
      );
    });
    if (done) onClose();
  };
  return (
    <Confirm
      title={words().settleTitle}
      working={working}
      disabled={outcomeId === ""}
      onClose={onClose}
      onConfirm={settle}
    >
      <Answer market={market} chosen={outcomeId} set={setOutcome} />
      <Payment market={market} outcomeId={outcomeId} />
    </Confirm>
  );
}

function Correct({ market, onClose }: DialogProps) {
  const [outcomeId, setOutcome] = useState("");
  const { working, act } = useAction();
  const correct = async (): Promise<void> => {
    const params = { path: { marketId: market.marketId } };
    const done = await act(words().corrected, () =>
      data(api.POST("/api/betting/markets/{marketId}/correct", { params, body: { outcomeId } })),
    );
    if (done) onClose();
  };
  return (
    <Confirm
      title={words().correct}
      working={working}
      disabled={outcomeId === ""}
      onClose={onClose}
      onConfirm={correct}
    >
      <p>{words().correctText}</p>
      <Answer market={market} chosen={outcomeId} set={setOutcome} />
    </Confirm>
  );
}

function Void({ market, onClose }: DialogProps) {
  const { working, act } = useAction();
  const bettors = market.outcomes.reduce((sum, outcome) => sum + outcome.bettors, 0);
  const undo = async (): Promise<void> => {
    const params = { path: { marketId: market.marketId } };
    const done = await act(words().voided, async () => {
      applyMarket(await data(api.POST("/api/betting/markets/{marketId}/void", { params })));
    });
    if (done) onClose();
  };
  return (
    <Confirm title={words().void} working={working} onClose={onClose} onConfirm={undo}>
      <p>{words().voidText(points(market.pool), t().market.bettors(bettors))}</p>
    </Confirm>
  );
}

const DIALOGS = { settle: Settle, void: Void, correct: Correct };

/** A market and what an admin can do with it in its present state. */
export function MarketDesk({ id, match, candidates }: About & { id: string }) {
  const market = find(id)?.value;
  const [asking, setAsking] = useState<keyof typeof DIALOGS | null>(null);
  const { working, act } = useAction();
  if (!market) return null;
  const lock = (): Promise<boolean> =>
    act(words().locked, async () => {
      const params = { path: { marketId: id } };
      applyMarket(await data(api.POST("/api/betting/markets/{marketId}/lock", { params })));
    });
  const Asked = asking && DIALOGS[asking];
  return (
    <div class="panel padded stack" data-market-desk={market.template}>
      <Market id={id} match={match} candidates={candidates} />
      <div class="chips wrap">
        {market.state === "open" && (
          <button type="button" class="button small" disabled={working} onClick={lock}>
            {words().lock}
          </button>
        )}
        {market.state === "locked" && (
          <button type="button" class="button small" onClick={() => setAsking("settle")}>
            {words().settle}
          </button>
        )}
        {(market.state === "open" || market.state === "locked") && (
          <button type="button" class="button small danger" onClick={() => setAsking("void")}>
            {words().void}
          </button>
        )}
        {(market.state === "settled" || market.state === "void") && (
          <button type="button" class="button small" onClick={() => setAsking("correct")}>
            {words().correct}
          </button>
        )}
      </div>
      {Asked && <Asked market={market} onClose={() => setAsking(null)} />}
    </div>
  );
}
