import { useLocation } from "preact-iso";
import { useEffect, useRef, useState } from "preact/hooks";
import { fieldFault, inWords } from "../../app/refusals";
import { phase } from "../../app/session";
import { Refused } from "../../api/errors";
import { t } from "../../i18n";
import { TextField } from "./field";
import { destination, passwordFault, usernameFault } from "./rules";
import "./auth.css";

interface Props {
  /** Which of the two this is. */
  joining: boolean;
  send: (username: string, password: string) => Promise<void>;
}

interface Faults {
  username: string | null;
  password: string | null;
  whole: string | null;
}

const NONE: Faults = { username: null, password: null, whole: null };

/** Refusals of a name that is spelt as it may be. */
const NAMES = ["username_taken", "username_lookalike", "username_reserved"];

function faultsOf(error: unknown): Faults {
  const words = t().auth;
  const named = error instanceof Refused && NAMES.includes(error.code);
  const username = fieldFault(error, "username") === null ? null : words.usernameFault;
  const password = fieldFault(error, "password") === null ? null : words.passwordFault;
  if (named) return { ...NONE, username: inWords(error) };
  return { username, password, whole: (username ?? password) ? null : inWords(error) };
}

function before(joining: boolean, username: string, password: string): Faults {
  const words = t().auth;
  const missing = (value: string): string | null => (value === "" ? words.required : null);
  return {
    username: missing(username) ?? (joining && usernameFault(username) ? words.usernameFault : null),
    password: missing(password) ?? (joining && passwordFault(password) ? words.passwordFault : null),
    whole: null,
  };
}

/** The form behind 로그인 and 회원가입. */
export function AuthForm({ joining, send }: Props) {
  const words = t().auth;
  const { route, query } = useLocation();
  const form = useRef<HTMLFormElement>(null);
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const [faults, setFaults] = useState<Faults>(NONE);
  const [working, setWorking] = useState(false);
  const to = destination(query.to);
  useEffect(() => {
    if (phase.value === "in") route(to, true);
  }, [phase.value]);
  useEffect(() => {
    form.current?.querySelector<HTMLInputElement>("[aria-invalid=true]")?.focus();
  }, [faults]);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (working) return;
    const early = before(joining, username, password);
    setFaults(early);
    if (early.username !== null || early.password !== null) return;
    setWorking(true);
    try {
      await send(username, password);
    } catch (error) {
      setFaults(faultsOf(error));
    } finally {
      setWorking(false);
    }
  };
  const other = `${joining ? "/login" : "/signup"}${query.to ? `?to=${encodeURIComponent(to)}` : ""}`;
  return (
    <div class="auth">
      <h1>{joining ? words.signUpTitle : words.logInTitle}</h1>
      {joining && <p class="muted">{words.perks}</p>}
      <form ref={form} class="panel padded" noValidate onSubmit={submit}>
        {faults.whole !== null && (
          <p class="slip-say bad" role="alert">
            <strong>{faults.whole}</strong>
          </p>
        )}
        <TextField
          label={words.username}
          hint={joining ? words.usernameHint : undefined}
          fault={faults.username}
          name="username"
          value={username}
          autoComplete="username"
          set={setUsername}
        />
        <TextField
          label={words.password}
          hint={joining ? words.passwordHint : undefined}
          fault={faults.password}
          name="password"
          value={password}
          autoComplete={joining ? "new-password" : "current-password"}
          secret
          set={setPassword}
        />
        <button type="submit" class="button primary wide" disabled={working}>
          {working ? words.working : joining ? words.signUp : words.logIn}
        </button>
      </form>
      <p class="switch">
        <a href={other}>{joining ? words.toLogIn : words.toSignUp}</a>
      </p>
    </div>
  );
}
