import type { Team } from "../api/types";
import { Badge } from "./badge";
import { Icon } from "./icon";
import { teamName } from "./market-words";

/** Who has won a stage, or is first of it. */
export function Champion({ team, word }: { team: Team; word: string }) {
  return (
    <p class="champion">
      <Icon name="trophy" size={24} />
      <span class="muted">{word}</span>
      <Badge team={team} size={30} />
      <b>{teamName(team)}</b>
    </p>
  );
}
