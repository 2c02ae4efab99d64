/** The colours of the theme, read from the CSS tokens, as the hexagon layer needs them. */
import { FRAME_MISSING, FRAME_SUPPRESSED, type StepOfCode } from "../wire/frames";

export type Rgba = readonly [number, number, number, number];

export interface HexagonPalette {
  /** RGBA of each of the 256 frame bytes, not premultiplied. Missing and suppressed: the ink of their patterns. */
  colours: Uint8Array;
}

export function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Reads `#rrggbb`, the one form in which tokens.css writes colours that scripts read, and what packing makes of it. */
export function rgb(hex: string): [number, number, number] {
  const digits = hex.length === 4 ? hex.replace(/[\da-f]/gi, "$&$&") : hex;
  const value = Number.parseInt(digits.slice(1), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

export function hexagonPalette(steps: StepOfCode, read: (name: string) => string = token): HexagonPalette {
  const alpha = Math.round(255 * Number(read("--hexagon-opacity")));
  const stepColours = [1, 2, 3, 4].map((step) => [...rgb(read(`--crowding-${step}`)), alpha]);
  const ink = [...rgb(read("--pattern-ink")), Math.round(255 * Number(read("--pattern-opacity")))];
  const colours = new Uint8Array(256 * 4);
  steps.forEach((step, code) => {
    const unknown = code === FRAME_MISSING || code === FRAME_SUPPRESSED;
    const colour = unknown ? ink : stepColours[step - 1];
    if (colour) colours.set(colour, code * 4);
  });
  return { colours };
}

export function cssColour(colours: Uint8Array, code: number): string {
  const [red, green, blue, alpha] = colours.subarray(code * 4, code * 4 + 4);
  return `rgba(${red}, ${green}, ${blue}, ${((alpha ?? 0) / 255).toFixed(3)})`;
}
