import { isAdmin } from "../app/session";
import { t } from "../i18n";
import type { IconName } from "./icon";

export interface Destination {
  href: string;
  icon: IconName;
  label: string;
  /** Other paths that belong to it. */
  also: RegExp;
}

export function destinations(): Destination[] {
  const words = t().nav;
  const all: Destination[] = [
    { href: "/", icon: "match", label: words.home, also: /^\/($|matches\/)/ },
    { href: "/bets", icon: "slip", label: words.bets, also: /^\/bets/ },
    { href: "/leaderboard", icon: "trophy", label: words.leaderboard, also: /^\/leaderboard/ },
    { href: "/schedule", icon: "calendar", label: words.schedule, also: /^\/(schedule|standings|questions)/ },
    { href: "/teams", icon: "team", label: words.teams, also: /^\/teams/ },
  ];
  if (isAdmin.value) all.push({ href: "/admin", icon: "admin", label: words.admin, also: /^\/admin/ });
  return all;
}
