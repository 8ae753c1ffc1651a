import type { TargetedInputEvent } from "preact";
import { useId, useState } from "preact/hooks";
import { Icon } from "../../components/icon";
import { t } from "../../i18n";

/** A line to fill in, with what is wrong with it. A secret one can be shown. */
export function TextField(props: {
  label: string;
  hint?: string | undefined;
  fault: string | null;
  name: string;
  value: string;
  autoComplete: string;
  secret?: boolean;
  set: (value: string) => void;
}) {
  const id = useId();
  const words = t().auth;
  const [shown, setShown] = useState(false);
  const input = {
    id,
    class: "input",
    name: props.name,
    autoComplete: props.autoComplete,
    autoCapitalize: "none" as const,
    spellcheck: false,
    value: props.value,
    "aria-invalid": props.fault !== null,
    "aria-describedby": `${id}-fault ${id}-hint`,
    onInput: (event: TargetedInputEvent<HTMLInputElement>) => props.set(event.currentTarget.value),
  };
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      <div class="input-with-end">
        {props.secret && !shown ? <input type="password" {...input} /> : <input type="text" {...input} />}
        {props.secret && (
          <button
            type="button"
            class="icon-button"
            aria-pressed={shown}
            aria-label={shown ? words.hide : words.show}
            onClick={() => setShown(!shown)}
          >
            <Icon name="eye" />
          </button>
        )}
      </div>
      {props.hint !== undefined && (
        <p class="hint" id={`${id}-hint`}>
          {props.hint}
        </p>
      )}
      <p class="fault" id={`${id}-fault`}>
        {props.fault}
      </p>
    </div>
  );
}
