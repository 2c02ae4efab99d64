/** The answer in one line: how crowded it is in the part of the map that is seen, and how sure that is. */
import type { Words } from "../client";
import { levelsOf, venueCode, type StepOfCode } from "../wire/frames";

/** The venues of a part of the map. Those that are neither closed nor without data are open: the middle three. */
export interface Tally {
  all: number;
  /** Open, and in the upper two levels, or maybe so. */
  crowded: number;
  /** Open, with room to spare. */
  roomy: number;
  /** Open, and nobody can tell how full. */
  untold: number;
  /** Without data, so that not even this is known. */
  unknown: number;
}

export function tally(codes: Uint8Array, indexes: readonly number[]): Tally {
  const sum: Tally = { all: indexes.length, crowded: 0, roomy: 0, untold: 0, unknown: 0 };
  for (const index of indexes) {
    const code = venueCode(codes[index]);
    const levels = levelsOf(code);
    if (levels) sum[levels[1] >= 3 ? "crowded" : "roomy"] += 1;
    else if (code === "area-only") sum.untold += 1;
    else if (code === "no-data") sum.unknown += 1;
  }
  return sum;
}

/** The density step 1..4 that most of the hexagons have; null when none of them tells one. */
export function usualStep(levels: Uint8Array, steps: StepOfCode, hexagons: readonly number[]): number | null {
  const counts = [0, 0, 0, 0];
  for (const hexagon of hexagons) {
    const step = steps[levels[hexagon] ?? 0] ?? 0;
    if (step > 0) counts[step - 1] = (counts[step - 1] ?? 0) + 1;
  }
  const most = Math.max(...counts);
  return most === 0 ? null : counts.lastIndexOf(most) + 1;
}

export function groundWords(step: number | null, words: Words): string {
  if (step === null) return "";
  const said = words.say(`density.step-${step}`).toLocaleLowerCase(words.language);
  return words.say("answer.ground", { step: said });
}

/** How many venues are open, of how many, so that a number that changes with the hour explains itself; then how full. */
export function answerWords({ all, crowded, roomy, untold, unknown }: Tally, words: Words): string {
  const open = crowded + roomy + untold;
  if (all === 0) return words.say("answer.none");
  if (unknown === all) return words.count("answer.unknown", all);
  const parts: [string, number][] = [
    [words.say("answer.crowded"), crowded],
    [words.say("answer.roomy"), roomy],
    [words.say("answer.untold"), untold],
    [words.say("answer.no_data"), unknown],
  ];
  const told = parts.filter(([, n]) => n > 0).map(([what, n]) => `${what}: ${words.number(n)}.`);
  return [words.count("answer.open", all, { open: words.number(open) }), ...told].join(" ");
}
