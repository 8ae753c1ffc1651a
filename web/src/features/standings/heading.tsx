import type { ComponentChildren } from "preact";

export type Level = 2 | 3 | 4 | 5;

/** A heading as deep as its part stands in the page. */
export function Heading({ level, children }: { level: Level; children: ComponentChildren }) {
  const Tag = `h${level}` as const;
  return <Tag>{children}</Tag>;
}

/** One level further in. */
export function below(level: Level): Level {
  return Math.min(level + 1, 5) as Level;
}
