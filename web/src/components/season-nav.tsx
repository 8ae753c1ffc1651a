import { useLocation } from "preact-iso";
import { t } from "../i18n";

/** Between the season's schedule and its table. */
export function SeasonNav() {
  const { path } = useLocation();
  const words = t().nav;
  const pages = [
    ["/schedule", words.schedule],
    ["/standings", words.standings],
    ["/teams", words.teams],
  ] as const;
  return (
    <nav class="chips" aria-label={words.season}>
      {pages.map(([href, label]) => (
        <a key={href} class="chip" href={href} aria-current={path === href ? "page" : undefined}>
          {label}
        </a>
      ))}
    </nav>
  );
}
