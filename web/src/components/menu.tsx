import { useLocation } from "preact-iso";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { askPermission, notify, permission } from "../app/notices";
import { inWords } from "../app/refusals";
import { account, logOut, logOutEverywhere } from "../app/session";
import { type Theme, theme } from "../app/theme";
import { language, setLanguage, t } from "../i18n";
import { Icon } from "./icon";
import { TierTag } from "./tier";

function Choice<T extends string>(props: {
  legend: string;
  value: T;
  options: readonly (readonly [T, string])[];
  set: (value: T) => void;
}) {
  return (
    <fieldset class="field">
      <legend>{props.legend}</legend>
      <div class="chips wrap">
        {props.options.map(([value, label]) => (
          <button
            key={value}
            type="button"
            class="chip"
            aria-pressed={props.value === value}
            onClick={() => props.set(value)}
          >
            {label}
          </button>
        ))}
      </div>
    </fieldset>
  );
}

function Notifications() {
  const words = t().settings;
  if (permission.value === null) return null;
  if (permission.value === "denied") return <p class="hint">{words.notificationsDenied}</p>;
  if (permission.value === "granted") return <p class="hint">{words.notificationsOn}</p>;
  return (
    <button type="button" class="button small" onClick={() => void askPermission()}>
      {words.notificationsAsk}
    </button>
  );
}

function Leave({ done }: { done: () => void }) {
  const words = t().nav;
  const { route } = useLocation();
  const leave = (how: () => Promise<void>) => async (): Promise<void> => {
    try {
      await how();
      done();
      route("/");
      notify("plain", t().notice.signedOut, "");
    } catch (error) {
      notify("bad", inWords(error), "");
    }
  };
  return (
    <>
      <button type="button" class="button small" onClick={leave(logOut)}>
        {words.logOut}
      </button>
      <button type="button" class="button small" onClick={leave(logOutEverywhere)}>
        {words.logOutAll}
      </button>
    </>
  );
}

function Panel({ id, done }: { id: string; done: () => void }) {
  const words = t().settings;
  const who = account.value;
  const themes: readonly (readonly [Theme, string])[] = [
    ["system", words.system],
    ["light", words.light],
    ["dark", words.dark],
  ];
  return (
    <div class="panel menu-panel" id={id}>
      {who && (
        <p class="menu-name">
          {who.username} <TierTag tier={who.tier} />
        </p>
      )}
      <Choice
        legend={words.language}
        value={language.value}
        options={[
          ["ko", words.korean],
          ["en", words.english],
        ]}
        set={setLanguage}
      />
      <Choice
        legend={words.theme}
        value={theme.value}
        options={themes}
        set={(next) => (theme.value = next)}
      />
      <Notifications />
      {who && (
        <a class="button small" href="/account" onClick={done}>
          {t().account.manage}
        </a>
      )}
      {who && <Leave done={done} />}
    </div>
  );
}

/** Account and settings. Closes on Escape, on a click elsewhere, and when the focus leaves. */
export function Menu() {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  useEffect(() => {
    if (!open) return;
    const outside = (event: Event): void => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    const escape = (event: KeyboardEvent): void => {
      if (event.key !== "Escape") return;
      setOpen(false);
      button.current?.focus();
    };
    addEventListener("pointerdown", outside);
    addEventListener("focusin", outside);
    addEventListener("keydown", escape);
    return () => {
      removeEventListener("pointerdown", outside);
      removeEventListener("focusin", outside);
      removeEventListener("keydown", escape);
    };
  }, [open]);
  return (
    <div class="menu" ref={root}>
      <button
        ref={button}
        type="button"
        class="top-button"
        aria-label={account.value ? t().nav.account : t().nav.settings}
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen(!open)}
      >
        <Icon name={account.value ? "person" : "more"} />
      </button>
      {open && <Panel id={id} done={() => setOpen(false)} />}
    </div>
  );
}
