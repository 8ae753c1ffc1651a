import { useLocation } from "preact-iso";
import { isAdmin, phase } from "../../app/session";
import { Empty, Skeleton } from "../../components/states";
import { t } from "../../i18n";
import { useTitle } from "../../lib/title";
import { Accounts } from "./accounts";
import { Experiments } from "./experiments";
import { Import } from "./import";
import { Incidents } from "./incidents";
import { Log } from "./log";
import { Matches } from "./matches";
import { Suspects } from "./suspects";
import { words } from "./words";
import "./admin.css";

const TABS = ["matches", "import", "repair", "incidents", "log", "accounts", "experiments"] as const;
type Tab = (typeof TABS)[number];
const PANELS = {
  matches: Matches,
  import: Import,
  repair: Suspects,
  incidents: Incidents,
  accounts: Accounts,
  log: Log,
  experiments: Experiments,
};

function Panels({ tab }: { tab: Tab }) {
  const Panel = PANELS[tab];
  return (
    <>
      <nav class="chips" aria-label={words().tabs}>
        {TABS.map((one) => (
          <a
            key={one}
            class="chip"
            href={`/admin?tab=${one}`}
            aria-current={one === tab ? "page" : undefined}
          >
            {words()[one]}
          </a>
        ))}
      </nav>
      <Panel />
    </>
  );
}

/** 관리 */
export default function Admin() {
  const { query } = useLocation();
  const tab = TABS.find((one) => one === query.tab) ?? "matches";
  useTitle(words().title);
  return (
    <div class="stack">
      <h1>{words().title}</h1>
      {isAdmin.value ? (
        <Panels tab={tab} />
      ) : phase.value === "restoring" ? (
        <Skeleton height={300} />
      ) : (
        <Empty title={words().only} icon="admin">
          <a class="button" href="/login?to=/admin">
            {t().nav.logIn}
          </a>
        </Empty>
      )}
    </div>
  );
}
