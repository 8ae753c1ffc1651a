import { useEffect } from "preact/hooks";
import { stream } from "./live";

/** Follows the markets of these matches while the component is there. */
export function useWatched(matchIds: readonly string[]): void {
  const key = matchIds.join(" ");
  useEffect(() => {
    if (key === "") return;
    return stream.watch(key.split(" "));
  }, [key]);
}
