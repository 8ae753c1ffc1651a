import { useState } from "preact/hooks";
import { api, data } from "../../api/client";
import type { AdminAction } from "../../api/types";
import { useResource } from "../../app/resource";
import { Moment } from "../../components/moment";
import { Empty, Loaded, Skeleton } from "../../components/states";
import { t } from "../../i18n";
import { words } from "./words";

const PAGE = 30;

interface Listed {
  items: AdminAction[];
  more: boolean;
}

async function load(most: number): Promise<Listed> {
  const items: AdminAction[] = [];
  let cursor: string | undefined;
  do {
    const query = { limit: Math.min(100, most - items.length), ...(cursor ? { cursor } : {}) };
    const page = await data(api.GET("/api/admin/actions", { params: { query } }));
    items.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor && items.length < most);
  return { items, more: cursor !== undefined };
}

/** A value as a person reads it: texts as they are, lists with commas. */
function shown(value: unknown): string {
  if (value === undefined || value === null) return "–";
  if (Array.isArray(value)) return value.map(shown).join(", ");
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** What an action changed; what stayed as it was is left out. */
export function changes(action: Pick<AdminAction, "before" | "after">): [string, string][] {
  const before = action.before ?? {};
  const after = action.after ?? {};
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const lines = keys.map((key): [string, string] => {
    const [was, is] = [shown(before[key]), shown(after[key])];
    if (!(key in before)) return [key, is];
    return [key, key in after ? `${was} → ${is}` : was];
  });
  return lines.filter(([key]) => !(key in after) || shown(before[key]) !== shown(after[key]));
}

function Line({ action }: { action: AdminAction }) {
  const names: Record<string, string> = words().did;
  return (
    <li class="incident">
      <b>{names[action.action] ?? action.action}</b>
      <span class="small muted">
        <Moment iso={action.createdAt} style="dateTime" />
      </span>
      <span>{words().by(action.username)}</span>
      {action.matchId != null && <a href={`/admin?tab=matches&match=${action.matchId}`}>{words().matches}</a>}
      {action.why != null && <q class="why">{action.why}</q>}
      <dl class="changes small">
        {changes(action).map(([key, text]) => (
          <div key={key}>
            <dt>{key}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </li>
  );
}

/** What admins have done, newest first. */
export function Log() {
  const [most, setMost] = useState(PAGE);
  const log = useResource(`admin log ${most}`, () => load(most));
  return (
    <Loaded from={log} skeleton={<Skeleton height={84} count={3} />}>
      {(found) =>
        found.items.length === 0 ? (
          <Empty title={words().noActions} icon="check" />
        ) : (
          <>
            <ul class="panel rows">
              {found.items.map((action) => (
                <Line key={action.actionId} action={action} />
              ))}
            </ul>
            {found.more && (
              <p class="more">
                <button type="button" class="button" onClick={() => setMost(most + PAGE)}>
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
