import type { Team } from "../api/types";
import { mix, readableOn } from "../lib/contrast";

const NOBODY = { code: "?", colour: "#5b6475" };

/** A team's sign, drawn from its code and colour: a cut shield with the code in whatever reads on it. */
export function Badge({
  team,
  size = 44,
}: {
  team: Pick<Team, "code" | "colour"> | null | undefined;
  size?: number;
}) {
  const { code, colour } = team ?? NOBODY;
  const ink = readableOn(colour);
  const towards = ink === "#ffffff" ? "black" : "white";
  return (
    <svg width={size} height={size} viewBox="0 0 48 48" aria-hidden="true" class="badge">
      <path d="M9 2h30l7 9v20L24 46 2 31V11z" fill={colour} />
      <path d="M24 2h15l7 9v20L24 46z" fill={mix(colour, towards, 0.14)} />
      <path
        d="M9 2h30l7 9v20L24 46 2 31V11z"
        fill="none"
        stroke={mix(colour, "white", 0.35)}
        stroke-width="1.5"
      />
      <text
        x="24"
        y={code.length > 3 ? 26 : 27}
        text-anchor="middle"
        font-size={code.length > 3 ? 12 : code.length > 2 ? 15 : 18}
        font-weight="900"
        letter-spacing="-0.5"
        fill={ink}
      >
        {code}
      </text>
    </svg>
  );
}
