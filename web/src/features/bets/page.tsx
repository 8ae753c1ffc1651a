import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Account } from "../../api/types";
import { onOwnBet, openBets, openBetsKnown } from "../../app/own-bets";
import { type Resource, useResource } from "../../app/resource";
import { account, phase } from "../../app/session";
import { useWatched } from "../../app/watch";
import { Empty, Loaded, Skeleton } from "../../components/states";
import { t } from "../../i18n";
import { points, signed } from "../../lib/format";
import { useTitle } from "../../lib/title";
import { BalanceChart } from "./chart";
import { type Listed, PAGE, balances, loadHistory, loadStatement } from "./data";
import { History } from "./history";
import { OpenBet } from "./open-bet";
import { Statement } from "./statement";
import "./bets.css";

function Figures({ who }: { who: Account }) {
  const words = t().bets;
  const tone = who.profit > 0 ? "good" : who.profit < 0 ? "bad" : "";
  return (
    <dl class="figures">
      <div class="panel">
        <dt>{words.points}</dt>
        <dd class="num">{points(who.points)}</dd>
      </div>
      <div class="panel">
        <dt>{words.staked}</dt>
        <dd class="num">{points(who.staked)}</dd>
      </div>
      <div class="panel">
        <dt>{words.profit}</dt>
        <dd class={`num ${tone}`}>{signed(who.profit)}</dd>
      </div>
      <div class="panel">
        <dt>{words.rank}</dt>
        <dd class="num">#{who.rank}</dd>
      </div>
    </dl>
  );
}

function Open() {
  const words = t().bets;
  const bets = openBets.value;
  useWatched([...new Set(bets.map((bet) => bet.matchId))].sort());
  if (!openBetsKnown.value) return <Skeleton height={84} count={2} />;
  if (bets.length === 0) {
    return (
      <Empty title={words.emptyOpen} text={words.emptyOpenText} icon="slip">
        <a class="button primary" href="/">
          {words.toMatches}
        </a>
      </Empty>
    );
  }
  return (
    <ul class="stack bets-open">
      {bets.map((bet) => (
        <OpenBet key={bet.betId} bet={bet} />
      ))}
    </ul>
  );
}

interface SectionProps<T> {
  from: Resource<Listed<T>> & { reload: () => void };
  empty: string;
  more: () => void;
  children: (items: T[]) => ComponentChildren;
}

function Section<T>({ from, empty, more, children }: SectionProps<T>) {
  return (
    <Loaded from={from} skeleton={<Skeleton height={220} />}>
      {(found) =>
        found.items.length === 0 ? (
          <p class="panel padded muted">{empty}</p>
        ) : (
          <>
            {children(found.items)}
            {found.more && (
              <p class="more">
                <button type="button" class="button" onClick={more}>
                  {t().state.more}
                </button>
              </p>
            )}
          </>
        )
      }
    </Loaded>
  );
}

function Mine({ who }: { who: Account }) {
  const words = t().bets;
  const [bets, setBets] = useState(PAGE);
  const [lines, setLines] = useState(PAGE);
  const history = useResource(`own history ${who.accountId} ${bets}`, () => loadHistory(bets));
  const statement = useResource(`own statement ${who.accountId} ${lines}`, () => loadStatement(lines));
  const { reload: reloadHistory } = history;
  const { reload: reloadStatement } = statement;
  useEffect(
    () =>
      onOwnBet(() => {
        reloadHistory();
        reloadStatement();
      }),
    [reloadHistory, reloadStatement],
  );
  // What moved the points shows in the statement too.
  useEffect(reloadStatement, [who.points]);
  return (
    <div class="stack loose">
      <Figures who={who} />
      {statement.data && <BalanceChart values={balances(statement.data.items, who.points)} />}
      <section>
        <div class="section-head">
          <h2>{words.open}</h2>
        </div>
        <Open />
      </section>
      <section>
        <div class="section-head">
          <h2>{words.history}</h2>
        </div>
        <Section from={history} empty={words.emptyHistory} more={() => setBets(bets + PAGE)}>
          {(items) => <History bets={items} />}
        </Section>
      </section>
      <section>
        <div class="section-head">
          <h2>{words.statement}</h2>
        </div>
        <Section from={statement} empty={words.emptyStatement} more={() => setLines(lines + PAGE)}>
          {(items) => <Statement lines={items} />}
        </Section>
      </section>
    </div>
  );
}

/** 내 베팅 */
export default function Bets() {
  const words = t().bets;
  useTitle(words.title);
  const who = account.value;
  return (
    <div class="stack bets-page">
      <h1>{words.title}</h1>
      {who ? (
        <Mine who={who} />
      ) : phase.value === "restoring" ? (
        <Skeleton height={120} count={4} />
      ) : (
        <Empty title={words.signIn} icon="slip">
          <a class="button primary" href="/login?to=/bets">
            {t().nav.logIn}
          </a>
        </Empty>
      )}
    </div>
  );
}
