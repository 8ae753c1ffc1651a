import { t } from "../i18n";

export function Footer() {
  const words = t().app;
  return (
    <footer class="foot">
      <div class="foot-row">
        <strong>{words.noMoney}</strong>
        <span>{words.unaffiliated}</span>
        <a href="/status">{words.status}</a>
        <a href="/api/docs" target="_self">
          {words.apiDocs}
        </a>
      </div>
    </footer>
  );
}
