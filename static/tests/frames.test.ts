import { expect, test } from "vitest";
import { hexagonPalette } from "../src/overlay/palette";
import { crowdingOrder, cutWindow, levelsOf, stepsOfCodes, venueCode, VENUE_CODES } from "../src/wire/frames";

const DENSITIES = Array.from({ length: 64 }, (_, step) => step * 100);

test("a density exactly at an edge belongs to the step above", () => {
  const steps = stepsOfCodes(DENSITIES, [1000, 2000, 3000]);
  expect([steps[2], steps[11], steps[12], steps[22], steps[32], steps[65]]).toEqual([1, 1, 2, 3, 4, 4]);
});

test("missing and suppressed have no step", () => {
  const steps = stepsOfCodes(DENSITIES, [1000, 2000, 3000]);
  expect([steps[0], steps[1]]).toEqual([0, -1]);
});

test("missing and suppressed take the pattern's ink, steps their token", () => {
  const tokens: Record<string, string> = {
    "--hexagon-opacity": ".5",
    "--pattern-opacity": "1",
    "--pattern-ink": "#010203",
  };
  const read = (name: string): string => tokens[name] ?? `#0000${name.at(-1)}0`;
  const { colours } = hexagonPalette(stepsOfCodes(DENSITIES, [1000, 2000, 3000]), read);
  expect([...colours.subarray(0, 8)]).toEqual([1, 2, 3, 255, 1, 2, 3, 255]);
  expect([...colours.subarray(2 * 4, 2 * 4 + 4)]).toEqual([0, 0, 0x10, 128]);
  expect([...colours.subarray(65 * 4, 65 * 4 + 4)]).toEqual([0, 0, 0x40, 128]);
});

test("a window is cut into its frames", () => {
  const frames = cutWindow(Uint8Array.of(1, 2, 3, 4, 5, 6), 3);
  expect(frames.map((frame) => [...frame])).toEqual([
    [1, 2],
    [3, 4],
    [5, 6],
  ]);
});

test("a window that holds half a frame is refused", () => {
  expect(() => cutWindow(new Uint8Array(7), 3)).toThrow(RangeError);
});

test("every venue byte has a code, and an unknown one says no data", () => {
  expect(venueCode(4)).toBe("level-2");
  expect(venueCode(9)).toBe("between-3-4");
  expect(venueCode(200)).toBe("no-data");
});

test("between two levels both are told", () => {
  expect(levelsOf("between-2-3")).toEqual([2, 3]);
  expect(levelsOf("level-4")).toEqual([4, 4]);
  expect(levelsOf("area-only")).toBeNull();
});

test("the fullest come first and the closed last", () => {
  const sorted = [...VENUE_CODES].sort((one, other) => crowdingOrder(one) - crowdingOrder(other));
  expect(sorted[0]).toBe("level-4");
  expect(sorted.at(-1)).toBe("closed");
  expect(sorted.indexOf("between-3-4")).toBeLessThan(sorted.indexOf("level-3"));
});
