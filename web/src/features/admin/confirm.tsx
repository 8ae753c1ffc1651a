import type { ComponentChildren } from "preact";
import { Dialog } from "../../components/dialog";
import { t } from "../../i18n";
import { words } from "./words";

interface Props {
  title: string;
  working: boolean;
  disabled?: boolean;
  onConfirm: () => void;
  onClose: () => void;
  children: ComponentChildren;
}

/** Asks before something that cannot be undone. */
export function Confirm({ title, working, disabled, onConfirm, onClose, children }: Props) {
  return (
    <Dialog label={title} onClose={onClose}>
      <div class="stack">
        <h2>{title}</h2>
        {children}
        <div class="dialog-actions">
          <button type="button" class="button" onClick={onClose}>
            {t().state.cancel}
          </button>
          <button type="button" class="button primary" disabled={working || disabled} onClick={onConfirm}>
            {words().confirm}
          </button>
        </div>
      </div>
    </Dialog>
  );
}
