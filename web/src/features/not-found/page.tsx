import { Empty } from "../../components/states";
import { t } from "../../i18n";
import { useTitle } from "../../lib/title";

export function NotFound() {
  const words = t().state;
  useTitle(words.notFoundTitle);
  return (
    <div class="stack">
      <h1 class="hidden">{words.notFoundTitle}</h1>
      <Empty title={words.notFoundTitle} text={words.notFoundText}>
        <a class="button primary" href="/">
          {words.backHome}
        </a>
      </Empty>
    </div>
  );
}
