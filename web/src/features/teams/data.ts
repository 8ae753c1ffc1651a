import { api, data } from "../../api/client";
import type { ListedTeam, Match } from "../../api/types";
import { listMatches } from "../../app/matches";

export async function loadTeams(): Promise<ListedTeam[]> {
  const found = await data(api.GET("/api/league/teams"));
  return found.items;
}

/** All matches of all tournaments, for form and head-to-head. */
export function loadAllMatches(): Promise<Match[]> {
  return listMatches({}, 400);
}
