/** Parts of a season with rounds of their own. */
const PARTS: Record<string, string> = { "Play-In": "플레이인", Playoffs: "플레이오프" };

/** Sides of a bracket, with or without that word. */
const SIDES: Record<string, string> = { Upper: "승자조", Lower: "패자조" };

const ROUNDS: Record<string, string> = {
  Quarterfinals: "8강",
  Semifinals: "준결승",
  Semifinal: "준결승",
  Finals: "결승",
  Final: "결승",
};

const WHOLE: Record<string, string> = {
  Tiebreakers: "순위 결정전",
  "Grand Final": "최종 결승",
  "Third Place Match": "3위 결정전",
};

/** A block in Korean, such as 3주차, or as it is written where no Korean is known. */
export function blockKo(name: string): string {
  const week = /^Week (\d+)$/.exec(name)?.[1];
  if (week !== undefined) return `${week}주차`;
  const part = Object.keys(PARTS).find((one) => name.startsWith(`${one} `));
  const rest = part === undefined ? name : name.slice(part.length + 1);
  const [, side, round = rest] = /^(Upper|Lower) (?:Bracket )?(.+)$/.exec(rest) ?? [];
  const number = /^Round (\d+)$/.exec(round)?.[1];
  const called = number === undefined ? ROUNDS[round] : `${number}라운드`;
  if (called === undefined) return WHOLE[name] ?? name;
  const before = [PARTS[part ?? ""], SIDES[side ?? ""]].filter((one) => one !== undefined);
  return [...before, called].join(" ");
}
