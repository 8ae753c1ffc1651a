import { useState } from "preact/hooks";
import { notify } from "../../app/notices";
import { inWords } from "../../app/refusals";
import { account, endOtherSessions, logOutEverywhere, phase } from "../../app/session";
import { Empty, Skeleton } from "../../components/states";
import { TierTag } from "../../components/tier";
import { t } from "../../i18n";
import { useTitle } from "../../lib/title";
import { Password } from "./password";

/** One thing at a time, and how it went. */
function Sessions() {
  const words = t().account;
  const [working, setWorking] = useState(false);
  const run = (work: () => Promise<string>) => async (): Promise<void> => {
    setWorking(true);
    try {
      notify("good", await work(), "");
    } catch (error) {
      notify("bad", inWords(error), "");
    } finally {
      setWorking(false);
    }
  };
  const others = run(async () => words.ended(await endOtherSessions()));
  const all = run(async () => {
    await logOutEverywhere();
    return t().notice.signedOut;
  });
  return (
    <section class="panel padded stack">
      <h2>{words.sessions}</h2>
      <p class="muted">{words.sessionsText}</p>
      <div class="chips wrap">
        <button type="button" class="button" disabled={working} onClick={() => void others()}>
          {words.endOthers}
        </button>
        <button type="button" class="button" disabled={working} onClick={() => void all()}>
          {t().nav.logOutAll}
        </button>
      </div>
    </section>
  );
}

/** 내 계정 */
export default function AccountPage() {
  const words = t().account;
  useTitle(words.title);
  const who = account.value;
  return (
    <div class="stack narrow-page">
      <h1>{words.title}</h1>
      {who ? (
        <>
          <p>
            <b>{who.username}</b> <TierTag tier={who.tier} />
          </p>
          <Password username={who.username} />
          <Sessions />
        </>
      ) : phase.value === "restoring" ? (
        <Skeleton height={120} count={2} />
      ) : (
        <Empty title={words.signIn} icon="person">
          <a class="button primary" href="/login?to=/account">
            {t().nav.logIn}
          </a>
        </Empty>
      )}
    </div>
  );
}
