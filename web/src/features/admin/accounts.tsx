import { useState } from "preact/hooks";
import { api, data } from "../../api/client";
import type { ManagedAccount } from "../../api/types";
import { account as self } from "../../app/session";
import { Moment } from "../../components/moment";
import { points } from "../../lib/format";
import { useAction } from "./act";
import { Confirm } from "./confirm";
import { words } from "./words";

function find(username: string): Promise<ManagedAccount> {
  return data(api.GET("/api/account/users", { params: { query: { username } } }));
}

/** What can be done about an account that was found. */
function Desk({ found, show }: { found: ManagedAccount; show: (changed: ManagedAccount) => void }) {
  const { working, act } = useAction();
  const [asking, setAsking] = useState(false);
  const who = found.account;
  const params = { path: { accountId: who.accountId } };
  const disable = async (): Promise<void> => {
    const work = async () => show(await data(api.POST("/api/account/users/{accountId}/disable", { params })));
    if (await act(words().accountDisabled, work)) setAsking(false);
  };
  const enable = () =>
    act(words().accountEnabled, async () =>
      show(await data(api.POST("/api/account/users/{accountId}/enable", { params }))),
    );
  const end = () =>
    act(words().sessionsEnded, async () => {
      await data(api.POST("/api/account/users/{accountId}/sessions/end", { params }));
      show(await find(who.username));
    });
  return (
    <section class="panel padded stack" aria-label={who.username}>
      <h2>{who.username}</h2>
      <p>
        {words().openSessions(points(found.openSessions))}
        {found.disabledAt != null && (
          <>
            {" · "}
            <b class="bad">{words().keptOut}</b> <Moment iso={found.disabledAt} style="dateTime" />
          </>
        )}
      </p>
      <div class="chips wrap">
        <button type="button" class="button" disabled={working} onClick={() => void end()}>
          {words().endSessions}
        </button>
        {found.disabledAt != null ? (
          <button type="button" class="button" disabled={working} onClick={() => void enable()}>
            {words().enableAccount}
          </button>
        ) : (
          who.accountId !== self.value?.accountId && (
            <button type="button" class="button" disabled={working} onClick={() => setAsking(true)}>
              {words().disableAccount}
            </button>
          )
        )}
      </div>
      {asking && (
        <Confirm
          title={words().disableAccount}
          working={working}
          onConfirm={() => void disable()}
          onClose={() => setAsking(false)}
        >
          <p>{words().disableText(who.username)}</p>
        </Confirm>
      )}
    </section>
  );
}

/** Keeping an account out, letting it in, ending its sessions. */
export function Accounts() {
  const [username, setUsername] = useState("");
  const [found, setFound] = useState<ManagedAccount | null>(null);
  const { working, act } = useAction();
  const look = async (): Promise<void> => {
    setFound(null);
    await act(words().accountFound, async () => setFound(await find(username.trim())));
  };
  return (
    <div class="stack">
      <form
        class="resolve"
        onSubmit={(event) => {
          event.preventDefault();
          void look();
        }}
      >
        <input
          class="input"
          type="search"
          required
          maxLength={20}
          aria-label={words().accountName}
          placeholder={words().accountName}
          autoCapitalize="none"
          spellcheck={false}
          value={username}
          onInput={(event) => setUsername(event.currentTarget.value)}
        />
        <button class="button small" disabled={working || username.trim() === ""}>
          {words().findAccount}
        </button>
      </form>
      {found && <Desk key={found.account.accountId} found={found} show={setFound} />}
    </div>
  );
}
