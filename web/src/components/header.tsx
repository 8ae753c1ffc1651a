import { useLocation } from "preact-iso";
import { account, phase } from "../app/session";
import { t } from "../i18n";
import { points } from "../lib/format";
import { Menu } from "./menu";
import { destinations } from "./nav";

function Who() {
  const words = t().nav;
  if (phase.value === "restoring") return <span class="top-space" aria-hidden="true" />;
  const who = account.value;
  if (who) {
    return (
      <a class="top-points num" href="/bets">
        <span class="hidden">{t().slip.balance} </span>
        {points(who.points)}
        <span class="unit">{t().app.unit}</span>
      </a>
    );
  }
  return (
    <>
      <a class="top-button" href="/login">
        {words.logIn}
      </a>
      <a class="top-button primary wide-only" href="/signup">
        {words.signUp}
      </a>
    </>
  );
}

export function Header() {
  const { path } = useLocation();
  return (
    <header class="top">
      <div class="top-row">
        <a class="logo" href="/" aria-label={t().app.name}>
          <span aria-hidden="true">
            {"LOL"}
            <b>{".JOA"}</b>
          </span>
        </a>
        <nav class="main-nav" aria-label={t().nav.main}>
          {destinations().map(({ href, label, also }) => (
            <a key={href} href={href} aria-current={also.test(path) ? "page" : undefined}>
              {label}
            </a>
          ))}
        </nav>
        <div class="top-end">
          <Who />
          <Menu />
        </div>
      </div>
    </header>
  );
}
