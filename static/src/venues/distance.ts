/** Distances on the ground, and their words. */
import type { Words } from "../client";

export interface Place {
  longitude: number;
  latitude: number;
}

const EARTH_RADIUS_M = 6_371_008.8;

/** Equirectangular: within 0.1 % over a city. */
export function distanceM(from: Place, to: Place): number {
  const radians = Math.PI / 180;
  const x = (to.longitude - from.longitude) * radians * Math.cos(((from.latitude + to.latitude) / 2) * radians);
  const y = (to.latitude - from.latitude) * radians;
  return EARTH_RADIUS_M * Math.hypot(x, y);
}

export function distanceWords(metres: number, words: Words): string {
  if (metres < 1000) return words.say("distance.m", { n: words.number(Math.round(metres / 10) * 10) });
  const kilometres = metres < 10_000 ? Math.round(metres / 100) / 10 : Math.round(metres / 1000);
  return words.say("distance.km", { n: words.number(kilometres) });
}
