/** Colours as WCAG sees them. */
type Rgb = readonly [number, number, number];

const DARK = "#0a0d13";
const LIGHT = "#ffffff";

function parse(hex: string): Rgb {
  const digits = /^#([0-9a-f]{6})$/i.exec(hex)?.[1];
  if (digits === undefined) return [128, 128, 128];
  const value = parseInt(digits, 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

function luminance(hex: string): number {
  const [r, g, b] = parse(hex).map((channel) => {
    const c = channel / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  }) as unknown as Rgb;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** The WCAG contrast ratio of two colours, 1 to 21. */
export function contrast(a: string, b: string): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

/** Whichever of near-black and white reads better over a colour. */
export function readableOn(colour: string): string {
  return contrast(colour, LIGHT) >= contrast(colour, DARK) ? LIGHT : DARK;
}

/** A colour moved towards black or white. Amount 0 leaves it, 1 arrives. */
export function mix(colour: string, towards: "black" | "white", amount: number): string {
  const end = towards === "white" ? 255 : 0;
  const channels = parse(colour).map((c) => Math.round(c + (end - c) * amount));
  return `#${channels.map((c) => c.toString(16).padStart(2, "0")).join("")}`;
}
