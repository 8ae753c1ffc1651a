import { computed, effect, signal } from "@preact/signals";
import type { Text } from "../api/types";
import { en } from "./en";
import { ko } from "./ko";

/** Every catalogue has the shape of the Korean one: a missing key does not compile. */
export type Shape<T> = {
  [K in keyof T]: T[K] extends (...args: infer A) => string
    ? (...args: A) => string
    : T[K] extends string
      ? string
      : Shape<T[K]>;
};
export type Catalogue = Shape<typeof ko>;
export type Language = "ko" | "en";

const STORED = "loljoa.language";
const catalogues: Record<Language, Catalogue> = { ko, en };

/** Korean unless switched. */
export const language = signal<Language>(localStorage.getItem(STORED) === "en" ? "en" : "ko");
const catalogue = computed(() => catalogues[language.value]);

/** The texts of the present language. */
export function t(): Catalogue {
  return catalogue.value;
}

/** The locale for dates. */
export function locale(): string {
  return language.value === "ko" ? "ko-KR" : "en-GB";
}

/** The present language's side of a text that the server has in both. */
export function pick(text: Text): string {
  return text[language.value];
}

export function setLanguage(next: Language): void {
  localStorage.setItem(STORED, next);
  language.value = next;
}

effect(() => {
  document.documentElement.lang = language.value;
});
