import { useState } from "preact/hooks";
import { api, data } from "../../api/client";
import type { Match } from "../../api/types";
import { Moment } from "../../components/moment";
import { shortName } from "../../app/matches";
import { useAction } from "./act";
import { Confirm } from "./confirm";
import { words } from "./words";

interface Props {
  match: Match;
  /** The match of which it is a double, and which stays. */
  stays?: Match;
  disabled?: boolean;
  onDone: () => void;
}

/** Asks, and removes a match that never was. While points are staked on it the server refuses. */
export function Remove({ match, stays, disabled, onDone }: Props) {
  const [asking, setAsking] = useState(false);
  const { working, act } = useAction();
  const label = stays === undefined ? words().removeMatch : words().removeDouble;
  const remove = async (): Promise<void> => {
    const query = stays === undefined ? {} : { inFavourOf: stays.matchId };
    const params = { path: { matchId: match.matchId }, query };
    const done = await act(words().removed, () =>
      data(api.DELETE("/api/league/matches/{matchId}", { params })),
    );
    setAsking(false);
    if (done) onDone();
  };
  return (
    <>
      <button
        type="button"
        class="button danger"
        disabled={working || disabled}
        onClick={() => setAsking(true)}
      >
        {label}
      </button>
      {asking && (
        <Confirm
          title={label}
          working={working}
          onClose={() => setAsking(false)}
          onConfirm={() => void remove()}
        >
          <p>
            <b>{shortName(match)}</b> <Moment iso={match.startsAt} style="dateTime" plain />
          </p>
          <p>{stays === undefined ? words().removeText : words().removeDoubleText}</p>
        </Confirm>
      )}
    </>
  );
}
