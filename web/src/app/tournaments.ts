import { listTournaments } from "./matches";
import { useResource } from "./resource";

/** Every tournament, read again from time to time: a replay can end. */
export function useTournaments() {
  return useResource("tournaments", listTournaments, { every: 60_000 });
}
