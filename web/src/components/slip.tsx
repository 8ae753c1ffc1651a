import { signal } from "@preact/signals";
import { phase, pick, sheetOpen } from "../app/slip";
import { t } from "../i18n";
import { Dialog } from "./dialog";
import { SlipBody } from "./slip-body";
import { Icon } from "./icon";

const roomy = matchMedia("(min-width: 1080px)");
const beside = signal(roomy.matches);
roomy.addEventListener("change", () => (beside.value = roomy.matches));

/** The slip at the side of a page, where there is room. */
export function SlipAside() {
  return (
    <aside class="slip-aside panel padded" aria-label={t().slip.title}>
      {beside.value && <SlipBody />}
    </aside>
  );
}

/** The slip from below, where there is none. */
export function SlipSheet() {
  const words = t().slip;
  if (beside.value) return null;
  const close = (): void => {
    sheetOpen.value = false;
    if (phase.peek().kind === "accepted") {
      phase.value = { kind: "editing" };
      pick.value = null;
    }
  };
  if (sheetOpen.value && pick.value) {
    return (
      <Dialog class="sheet" label={words.title} onClose={close}>
        <SlipBody onClose={close} />
      </Dialog>
    );
  }
  if (!pick.value) return null;
  return (
    <button type="button" class="button primary slip-pill" onClick={() => (sheetOpen.value = true)}>
      <span>{words.open}</span>
      <Icon name="slip" />
    </button>
  );
}
