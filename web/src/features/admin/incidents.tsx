import { api, data } from "../../api/client";
import type { Incident } from "../../api/types";
import { useResource } from "../../app/resource";
import { Moment } from "../../components/moment";
import { Empty, Loaded, Skeleton } from "../../components/states";
import { words } from "./words";

async function load(): Promise<Incident[]> {
  const page = await data(api.GET("/api/betting/incidents", { params: { query: { limit: 100 } } }));
  return page.items;
}

function Line({ incident }: { incident: Incident }) {
  const kinds: Record<string, string> = words().kinds;
  return (
    <li class="incident">
      <b>{kinds[incident.kind] ?? words().kinds.other}</b>
      <span class="small muted">
        <Moment iso={incident.createdAt} style="dateTime" />
      </span>
      <span>{incident.message}</span>
      {incident.matchId != null && (
        <a href={`/admin?tab=matches&match=${incident.matchId}`}>{words().matches}</a>
      )}
    </li>
  );
}

/** What needs a person. */
export function Incidents() {
  const incidents = useResource("admin incidents", load, { every: 15_000 });
  return (
    <Loaded from={incidents} skeleton={<Skeleton height={60} count={3} />}>
      {(found) =>
        found.length === 0 ? (
          <Empty title={words().noIncidents} icon="check" />
        ) : (
          <ul class="panel rows">
            {found.map((incident) => (
              <Line key={incident.incidentId} incident={incident} />
            ))}
          </ul>
        )
      }
    </Loaded>
  );
}
