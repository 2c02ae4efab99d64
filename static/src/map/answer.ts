/** Keeps the one-line answer true while the map moves and the slider steps. */
import type * as L from "leaflet";
import type { Words } from "../client";
import { need, oncePerFrame } from "../dom";
import type { Sheet } from "../sheet/sheet";
import type { Timeline } from "../time/timeline";
import { hasPlace, type Venue } from "../wire/api";
import { answerWords, tally } from "./summary";

export function answerMoves(
  map: L.Map,
  timeline: Timeline,
  venues: readonly Venue[],
  sheet: Sheet,
  words: Words,
): void {
  const line = need<HTMLElement>("#answer");
  const say = oncePerFrame(() => {
    const codes = timeline.moment?.venueCodes;
    if (!codes) return;
    const bounds = map.getBounds();
    const seen = venues.flatMap((venue, index) =>
      hasPlace(venue) && bounds.contains([venue.latitude, venue.longitude]) ? [index] : [],
    );
    line.textContent = answerWords(tally(codes, seen), words);
  });
  timeline.onChange(say);
  map.on("moveend", say);
  sheet.onHeight(say);
}
