import { useState } from "preact/hooks";
import { api, data } from "../../api/client";
import type { Incident } from "../../api/types";
import { useResource } from "../../app/resource";
import { Moment } from "../../components/moment";
import { Empty, Loaded, Skeleton } from "../../components/states";
import { useAction } from "./act";
import { words } from "./words";

async function load(): Promise<Incident[]> {
  const page = await data(
    api.GET("/api/betting/incidents", { params: { query: { state: "open", limit: 100 } } }),
  );
  return page.items;
}

/** What was done about an incident, in a few words. */
function Resolve({ incident, onDone }: { incident: Incident; onDone: () => void }) {
  const [note, setNote] = useState("");
  const { working, act } = useAction();
  const resolve = async (): Promise<void> => {
    const params = { path: { incidentId: incident.incidentId } };
    const done = await act(words().resolved, () =>
      data(api.POST("/api/betting/incidents/{incidentId}/resolve", { params, body: { note } })),
    );
    if (done) onDone();
  };
  return (
    <form
      class="resolve"
      onSubmit={(event) => {
        event.preventDefault();
        void resolve();
      }}
    >
      <input
        class="input"
        required
        maxLength={2000}
        aria-label={words().note}
        placeholder={words().note}
        value={note}
        onInput={(event) => setNote(event.currentTarget.value)}
      />
      <button class="button small" disabled={working || note.trim() === ""}>
        {words().resolve}
      </button>
    </form>
  );
}

function Line({ incident, onDone }: { incident: Incident; onDone: () => void }) {
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
      <Resolve incident={incident} onDone={onDone} />
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
              <Line key={incident.incidentId} incident={incident} onDone={incidents.reload} />
            ))}
          </ul>
        )
      }
    </Loaded>
  );
}
