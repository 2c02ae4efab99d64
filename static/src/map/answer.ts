/** Keeps the one-line answer true while the map moves and the slider steps: the ground first, then the venues. */
import type * as L from "leaflet";
import type { Words } from "../client";
import { need, oncePerFrame } from "../dom";
import type { Timeline } from "../time/timeline";
import { hasPlace, type Venue } from "../wire/api";
import type { StepOfCode } from "../wire/frames";
import type { HexagonGeometry } from "../wire/geometry";
import { toHalfMetres } from "../wire/mercator";
import { answerWords, groundWords, tally, usualStep } from "./summary";

export interface AnswerContext {
  map: L.Map;
  timeline: Timeline;
  geometry: HexagonGeometry;
  venues: readonly Venue[];
  steps: () => StepOfCode;
  words: Words;
}

export function keepAnswering(context: AnswerContext): void {
  const { map, timeline, venues, words } = context;
  const line = need<HTMLElement>("#answer");
  const say = oncePerFrame(() => {
    const { moment } = timeline;
    if (!moment?.levels || !moment.venueCodes) return;
    const bounds = map.getBounds();
    const ground = usualStep(moment.levels, context.steps(), hexagonsWithin(context.geometry, bounds));
    const seen = venues.flatMap((venue, index) =>
      hasPlace(venue) && bounds.contains([venue.latitude, venue.longitude]) ? [index] : [],
    );
    line.textContent = `${groundWords(ground, words)} ${answerWords(tally(moment.venueCodes, seen), words)}`.trim();
  });
  timeline.onChange(say);
  map.on("moveend", say);
}

function hexagonsWithin({ centres, count }: HexagonGeometry, bounds: L.LatLngBounds): number[] {
  const west = toHalfMetres(bounds.getWest(), bounds.getSouth());
  const east = toHalfMetres(bounds.getEast(), bounds.getNorth());
  const found: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const [x, y] = [centres[index * 2] ?? 0, centres[index * 2 + 1] ?? 0];
    if (x >= west.x && x <= east.x && y >= west.y && y <= east.y) found.push(index);
  }
  return found;
}
