/** The bytes of map frames and venue frames, and what they mean. */

export const FRAME_MISSING = 0;
export const FRAME_SUPPRESSED = 1;
const FIRST_DENSITY_CODE = 2;
const DENSITY_CODES = 64;

/** `density_step` 1..4 of each of the 256 frame bytes; 0 for missing, -1 for suppressed. */
export type StepOfCode = Int8Array;

export function stepsOfCodes(densities: readonly number[], edges: readonly number[]): StepOfCode {
  const steps = new Int8Array(256);
  steps[FRAME_SUPPRESSED] = -1;
  for (let code = FIRST_DENSITY_CODE; code < FIRST_DENSITY_CODE + DENSITY_CODES; code += 1)
    steps[code] = 1 + edges.filter((edge) => (densities[code - FIRST_DENSITY_CODE] ?? 0) >= edge).length;
  return steps;
}

/** People per km² that a frame byte stands for; null for missing and suppressed. */
export function densityOfCode(code: number, densities: readonly number[]): number | null {
  return code < FIRST_DENSITY_CODE ? null : (densities[code - FIRST_DENSITY_CODE] ?? null);
}

/** What a venue byte says, by its number; the words are `crowding.<code>`. */
export const VENUE_CODES = [
  "no-data",
  "area-only",
  "closed",
  "level-1",
  "level-2",
  "level-3",
  "level-4",
  "between-1-2",
  "between-2-3",
  "between-3-4",
] as const;

export type VenueCode = (typeof VENUE_CODES)[number];

export function venueCode(byte: number | undefined): VenueCode {
  return VENUE_CODES[byte ?? 0] ?? "no-data";
}

/** The lower and the upper crowding level 1..4, or null when there is none to tell. */
export function levelsOf(code: VenueCode): readonly [number, number] | null {
  const parts = code.split("-");
  if (parts[0] === "level") return [Number(parts[1]), Number(parts[1])];
  return parts[0] === "between" ? [Number(parts[1]), Number(parts[2])] : null;
}

const ORDER: Record<VenueCode, number> = {
  "level-4": 0,
  "between-3-4": 1,
  "level-3": 2,
  "between-2-3": 3,
  "level-2": 4,
  "between-1-2": 5,
  "level-1": 6,
  "area-only": 7,
  "no-data": 8,
  closed: 9,
};

/** The place in a list sorted by crowding: fullest first, then what cannot be told, then closed. */
export function crowdingOrder(code: VenueCode): number {
  return ORDER[code];
}

/** Cuts a window (frames one after the other, oldest first) into its frames, without copying. */
export function cutWindow(bytes: Uint8Array, frames: number): Uint8Array[] {
  if (frames === 0 || bytes.length % frames !== 0) throw new RangeError("the window does not hold whole frames");
  const size = bytes.length / frames;
  return Array.from({ length: frames }, (_, index) => bytes.subarray(index * size, (index + 1) * size));
}
