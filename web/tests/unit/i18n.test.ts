import { describe, expect, it } from "vitest";
import { language, setLanguage, t } from "../../src/i18n";
import { adminEn } from "../../src/i18n/admin.en";
import { adminKo } from "../../src/i18n/admin.ko";
import { en } from "../../src/i18n/en";
import { ko } from "../../src/i18n/ko";

type Node = string | ((...args: never[]) => string) | { [key: string]: Node };

function leaves(node: Node, path = ""): [string, string][] {
  if (typeof node === "string") return [[path, node]];
  if (typeof node === "function") return [[path, node(...(["1", "2", "3", "4"] as never[]))]];
  return Object.entries(node).flatMap(([key, inner]) => leaves(inner, `${path}.${key}`));
}

describe.each([
  ["the app", ko, en],
  ["the admin pages", adminKo, adminEn],
])("the catalogues of %s", (_, korean, english) => {
  it("have the same keys", () => {
    const keys = (catalogue: Node): string[] => leaves(catalogue).map(([path]) => path);
    expect(keys(english as Node)).toEqual(keys(korean as Node));
  });

  it("leave nothing empty", () => {
    for (const [path, text] of [...leaves(korean), ...leaves(english)]) {
      expect(text.trim(), path).not.toBe("");
    }
  });

  it("have no Korean left over in English, but for the switch to it", () => {
    const korean = leaves(english as Node).filter(([, text]) => /[\uAC00-\uD7A3]/.test(text));
    expect(korean.map(([path]) => path).filter((path) => !path.startsWith(".settings."))).toEqual([]);
  });
});

it.each([
  ["Week 3", "3주차"],
  ["Tiebreakers", "순위 결정전"],
  ["Playoffs Round 1", "플레이오프 1라운드"],
  ["Playoffs Semifinals", "플레이오프 준결승"],
  ["Lower Bracket Round 2", "패자조 2라운드"],
  ["Playoffs Upper Final", "플레이오프 승자조 결승"],
  ["Playoffs Lower Round 1", "플레이오프 패자조 1라운드"],
  ["Playoffs Upper Bracket Final", "플레이오프 승자조 결승"],
  ["Playoffs Upper Crust", "Playoffs Upper Crust"],
  ["Grand Final", "최종 결승"],
  ["Final", "결승"],
  ["Road to MSI Round 1", "Road to MSI Round 1"],
])("the block %s is called %s", (block, called) => {
  expect(ko.match.block(block)).toBe(called);
});

it("Korean is spoken until somebody switches, and the switch is kept", () => {
  expect(language.value).toBe("ko");
  expect(t().nav.home).toBe("경기");
  setLanguage("en");
  expect(t().nav.home).toBe("Matches");
  expect(document.documentElement.lang).toBe("en");
  expect(localStorage.getItem("loljoa.language")).toBe("en");
  setLanguage("ko");
});
