import { useLocation } from "preact-iso";
import { useState } from "preact/hooks";
import { api, data } from "../../api/client";
import type { Account, Place, Tier } from "../../api/types";
import { account, phase } from "../../app/session";
import { useResource } from "../../app/resource";
import { Empty, Loaded, Skeleton } from "../../components/states";
import { TierTag } from "../../components/tier";
import { t } from "../../i18n";
import { points, signed } from "../../lib/format";
import { useTitle } from "../../lib/title";
import "./leaderboard.css";

const TIERS: readonly Tier[] = ["diamond", "platinum", "gold", "silver", "bronze"];
const PAGE = 50;

interface Board {
  items: Place[];
  own: Account | null;
  more: boolean;
}

async function loadBoard(tier: Tier | undefined, most: number): Promise<Board> {
  const items: Place[] = [];
  let own: Account | null;
  let cursor: string | undefined;
  do {
    const query = { limit: PAGE, ...(tier ? { tier } : {}), ...(cursor ? { cursor } : {}) };
    const page = await data(api.GET("/api/account/leaderboard", { params: { query } }));
    items.push(...page.items);
    own = page.own ?? null;
    cursor = page.nextCursor ?? undefined;
  } while (cursor && items.length < most);
  return { items, own, more: cursor !== undefined };
}

function Row({ who, own }: { who: Place; own: boolean }) {
  const words = t().leaderboard;
  return (
    <tr class={own ? "own" : ""}>
      <td class="rank num" data-rank={who.rank}>
        {who.rank}
      </td>
      <th scope="row" class="name">
        {who.username}
        {own && <span class="tag accent">{words.you}</span>}
      </th>
      <td>
        <TierTag tier={who.tier} />
      </td>
      <td class={`end num ${who.profit > 0 ? "good" : who.profit < 0 ? "bad" : ""}`}>{signed(who.profit)}</td>
      <td class="end num wide-only">{points(who.points + who.staked)}</td>
    </tr>
  );
}

function Table({ board }: { board: Board }) {
  const words = t().leaderboard;
  const me = account.value?.accountId;
  return (
    <div class="panel table-wrap">
      <table class="table board">
        <thead>
          <tr>
            <th scope="col">{words.rank}</th>
            <th scope="col">{words.name}</th>
            <th scope="col">{words.tier}</th>
            <th scope="col" class="end">
              {words.profit}
            </th>
            <th scope="col" class="end wide-only">
              {words.points}
            </th>
          </tr>
        </thead>
        <tbody>
          {board.items.map((who) => (
            <Row key={who.accountId} who={who} own={who.accountId === me} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Own({ own }: { own: Account }) {
  const words = t().leaderboard;
  return (
    <aside class="own-place panel" aria-label={words.own}>
      <span class="muted small">{words.own}</span>
      <b class="num">#{own.rank}</b>
      <span>{own.username}</span>
      <TierTag tier={own.tier} />
      <b class={`num end ${own.profit > 0 ? "good" : own.profit < 0 ? "bad" : ""}`}>{signed(own.profit)}</b>
    </aside>
  );
}

function Filter({ tier }: { tier: Tier | undefined }) {
  const words = t().leaderboard;
  return (
    <nav class="chips" aria-label={words.filter}>
      <a class="chip" href="/leaderboard" aria-current={tier === undefined ? "page" : undefined}>
        {words.all}
      </a>
      {TIERS.map((one) => (
        <a
          key={one}
          class="chip"
          href={`/leaderboard?tier=${one}`}
          aria-current={tier === one ? "page" : undefined}
        >
          {words.tiers[one]}
        </a>
      ))}
    </nav>
  );
}

/** 순위: accounts by profit, one's own place always in sight. */
export default function Leaderboard() {
  const words = t().leaderboard;
  const { query } = useLocation();
  const tier = TIERS.find((one) => one === query.tier);
  const [most, setMost] = useState(PAGE);
  const who = phase.value === "in" ? (account.value?.accountId ?? "") : "";
  const key = phase.value === "restoring" ? null : `board ${who} ${tier ?? "all"} ${most}`;
  const board = useResource(key, () => loadBoard(tier, most), { every: 20_000 });
  useTitle(words.title);
  return (
    <div class="stack narrow-page">
      <div class="page-head">
        <div>
          <h1>{words.title}</h1>
          <p class="muted">{words.subtitle}</p>
        </div>
      </div>
      <Filter tier={tier} />
      <Loaded from={board} skeleton={<Skeleton height={44} count={10} />}>
        {(found) => (
          <>
            {found.items.length === 0 ? (
              <Empty title={words.empty} text={words.emptyText} icon="trophy" />
            ) : (
              <Table board={found} />
            )}
            {found.more && (
              <p class="more">
                <button type="button" class="button" onClick={() => setMost(most + PAGE)}>
                  {t().state.more}
                </button>
              </p>
            )}
            {found.own && <Own own={found.own} />}
          </>
        )}
      </Loaded>
    </div>
  );
}
