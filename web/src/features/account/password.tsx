import { useEffect, useRef, useState } from "preact/hooks";
import { notify } from "../../app/notices";
import { fieldFault, inWords } from "../../app/refusals";
import { changePassword } from "../../app/session";
import { t } from "../../i18n";
import { TextField } from "../auth/field";
import { passwordFault } from "../auth/rules";

interface Faults {
  current: string | null;
  next: string | null;
  whole: string | null;
}

const NONE: Faults = { current: null, next: null, whole: null };

function before(current: string, next: string): Faults {
  const { required, passwordFault: fault } = t().auth;
  return {
    current: current === "" ? required : null,
    next: next === "" ? required : passwordFault(next) ? fault : null,
    whole: null,
  };
}

function faultsOf(error: unknown): Faults {
  const current = fieldFault(error, "currentPassword") === null ? null : t().account.wrong;
  const next = fieldFault(error, "newPassword") === null ? null : t().auth.passwordFault;
  return { current, next, whole: (current ?? next) ? null : inWords(error) };
}

/** Another password, for who knows the present one. */
export function Password({ username }: { username: string }) {
  const words = t().account;
  const form = useRef<HTMLFormElement>(null);
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const [faults, setFaults] = useState<Faults>(NONE);
  const [working, setWorking] = useState(false);
  useEffect(() => {
    form.current?.querySelector<HTMLInputElement>("[aria-invalid=true]")?.focus();
  }, [faults]);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (working) return;
    const early = before(current, next);
    setFaults(early);
    if (early.current !== null || early.next !== null) return;
    setWorking(true);
    try {
      await changePassword(current, next);
      setCurrent("");
      setNext("");
      notify("good", words.changed, words.changedText);
    } catch (error) {
      setFaults(faultsOf(error));
    } finally {
      setWorking(false);
    }
  };
  return (
    <form ref={form} class="panel padded stack" noValidate onSubmit={submit}>
      <h2>{words.password}</h2>
      {faults.whole !== null && (
        <p class="slip-say bad" role="alert">
          <strong>{faults.whole}</strong>
        </p>
      )}
      {/* For password managers, which keep a password under a name. */}
      <input
        class="hidden"
        type="text"
        autoComplete="username"
        value={username}
        readOnly
        tabIndex={-1}
        aria-hidden
      />
      <TextField
        label={words.current}
        fault={faults.current}
        name="current-password"
        value={current}
        autoComplete="current-password"
        secret
        set={setCurrent}
      />
      <TextField
        label={words.next}
        hint={t().auth.passwordHint}
        fault={faults.next}
        name="new-password"
        value={next}
        autoComplete="new-password"
        secret
        set={setNext}
      />
      <p class="hint">{words.passwordText}</p>
      <button type="submit" class="button primary" disabled={working}>
        {working ? t().auth.working : words.change}
      </button>
    </form>
  );
}
