import { t } from "../i18n";
import { Empty } from "./states";

/** What is left when a page fails. */
export function Crash() {
  return (
    <main class="page narrow">
      <Empty title={t().state.crashed}>
        <button type="button" class="button" onClick={() => location.reload()}>
          {t().state.reload}
        </button>
      </Empty>
    </main>
  );
}
