/** The answer in one line: how crowded it is in the part of the map that is seen, and how sure that is. */
import type { Words } from "../client";
import { levelsOf, venueCode, type StepOfCode } from "../wire/frames";

export interface Tally {
  /** Venues whose level is told. */
  told: number;
  /** Of these, the ones that are, or may be, in the upper two levels. */
  crowded: number;
  /** Open venues whose level cannot be told. */
  untold: number;
}

export function tally(codes: Uint8Array, indexes: readonly number[]): Tally {
  const sum: Tally = { told: 0, crowded: 0, untold: 0 };
  for (const index of indexes) {
    const code = venueCode(codes[index]);
    const levels = levelsOf(code);
    if (levels) sum.told += 1;
    if (levels && levels[1] >= 3) sum.crowded += 1;
    if (code === "area-only" || code === "no-data") sum.untold += 1;
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

export function answerWords({ told, crowded, untold }: Tally, words: Words): string {
  if (told === 0 && untold === 0) return words.say("answer.none");
  if (told === 0) return words.count("answer.untold", untold);
  const values = { crowded: words.number(crowded), told: words.number(told), untold: words.number(untold) };
  const main = crowded === 0 ? words.count("answer.quiet", told, values) : words.count("answer.crowded", told, values);
  return untold === 0 ? main : `${main} ${words.count("answer.and_untold", untold, values)}`;
}
