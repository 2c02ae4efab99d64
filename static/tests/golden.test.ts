/** What the Python side made (tests/browser/test_units.py writes the file): both must agree to the last unit. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { fold } from "../src/venues/fold";
import { cornersOf, hexagonAt, unpackGeometry } from "../src/wire/geometry";

interface Golden {
  pack: string;
  resolution: number;
  centres: [number, number][];
  corners: [number, number][][];
  folded: [string, string][];
}

const path = process.env["ORYN_GOLDEN"];

describe.runIf(path)("as the Python side has it", () => {
  const golden = path ? (JSON.parse(readFileSync(path, "utf-8")) as Golden) : ({} as Golden);
  const bytes = Uint8Array.from(Buffer.from(golden.pack ?? "", "base64"));

  test("every centre and corner of the geometry pack", () => {
    const geometry = unpackGeometry(bytes.buffer);
    expect(geometry.resolution).toBe(golden.resolution);
    expect(geometry.count).toBe(golden.centres.length);
    expect([...geometry.centres]).toEqual(golden.centres.flat());
    expect([...geometry.corners]).toEqual(golden.corners.flat(2));
  });

  test("a hexagon's own centre lies in it, and a point far away in none", () => {
    const geometry = unpackGeometry(bytes.buffer);
    golden.centres.forEach(([x, y], index) => expect(hexagonAt(geometry, x, y)).toBe(index));
    expect(hexagonAt(geometry, 0, 0)).toBe(-1);
    expect(cornersOf(geometry, 0)).toEqual(golden.corners[0]);
  });

  test("names fold to the same key", () => {
    for (const [name, key] of golden.folded) expect(fold(name)).toBe(key);
  });
});

test("bytes that are no geometry pack are refused", () => {
  expect(() => unpackGeometry(new Uint8Array(40).buffer)).toThrow(TypeError);
});
