import { useLocation } from "preact-iso";
import { t } from "../i18n";
import { Icon } from "./icon";
import { destinations } from "./nav";

/** The main menu on phones. */
export function TabBar() {
  const { path } = useLocation();
  return (
    <nav class="tab-bar" aria-label={t().nav.main}>
      {destinations().map(({ href, icon, label, also }) => (
        <a key={href} href={href} aria-current={also.test(path) ? "page" : undefined}>
          <Icon name={icon} size={22} />
          {label}
        </a>
      ))}
    </nav>
  );
}
