import { useState } from "preact/hooks";
import { notify } from "../../app/notices";
import { inWords } from "../../app/refusals";
import { Refused } from "../../api/errors";

/** What went wrong, with the server's own words for those who run it. */
export function adminFault(error: unknown): string {
  if (error instanceof Refused && error.problem && error.status < 500) {
    const fields = error.problem.errors.map((fault) => `${fault.field} ${fault.message}`);
    return [error.problem.detail, ...fields].join(" · ");
  }
  return inWords(error);
}

/** Runs one action at a time and says how it went. */
export function useAction(): {
  working: boolean;
  act: (done: string, work: () => Promise<unknown>) => Promise<boolean>;
} {
  const [working, setWorking] = useState(false);
  const act = async (done: string, work: () => Promise<unknown>): Promise<boolean> => {
    setWorking(true);
    try {
      await work();
      notify("good", done, "");
      return true;
    } catch (error) {
      notify("bad", adminFault(error), "");
      return false;
    } finally {
      setWorking(false);
    }
  };
  return { working, act };
}
