import type { BracketRound, Stage } from "../../api/types";
import { t } from "../../i18n";
import { BracketMatch } from "./bracket-match";
import { Heading, type Level, below } from "./heading";

type Side = BracketRound["side"];

/** As they are read: who has not lost, who has lost once, then what decides. */
const SIDES: readonly Side[] = ["upper", "lower", "final", "placement"];

interface RoundProps {
  round: BracketRound;
  level: Level;
  plain?: boolean | undefined;
}

function Round({ round, level, plain }: RoundProps) {
  return (
    <li class="bracket-round">
      <Heading level={level}>{t().match.block(round.name)}</Heading>
      {round.matches.length === 0 && <p class="muted small">{t().standings.noMatches}</p>}
      <ol class="bracket-matches">
        {round.matches.map((match) => (
          <li key={match.matchId}>
            <BracketMatch match={match} plain={plain} />
          </li>
        ))}
      </ol>
    </li>
  );
}

interface Props {
  stage: Stage;
  /** Of the headings in it. */
  level: Level;
  plain?: boolean | undefined;
}

/** A column for each round, the upper ones above the lower ones. It scrolls by itself where it is wider than the page. */
export function Bracket({ stage, level, plain }: Props) {
  const words = t().standings;
  const { rounds } = stage;
  const double = rounds.some((round) => round.side === "lower");
  const nameOf = (side: Side): string | null => {
    if (side === "final" || (side === "upper" && !double)) return null;
    return words.side[side];
  };
  const lanes = SIDES.map((side) => ({
    side,
    name: nameOf(side),
    rounds: rounds.filter((round) => round.side === side),
  })).filter((lane) => lane.rounds.length > 0);
  return (
    <div
      class="panel padded bracket"
      role="group"
      aria-label={words.bracket(words.stage(stage.name))}
      tabIndex={0}
    >
      {lanes.map((lane) => (
        <div key={lane.side} class={`bracket-lane ${lane.side}`}>
          {lane.name !== null && <Heading level={level}>{lane.name}</Heading>}
          <ol class="bracket-rounds">
            {lane.rounds.map((round, index) => (
              <Round
                key={index}
                round={round}
                level={lane.name === null ? level : below(level)}
                plain={plain}
              />
            ))}
          </ol>
        </div>
      ))}
    </div>
  );
}
