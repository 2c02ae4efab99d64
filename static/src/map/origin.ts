/** Where the list's distances are measured from, and the sentence that says so: the reader's place, or the map's middle. */
import type * as L from "leaflet";
import type { Words } from "../client";
import { need } from "../dom";
import type { Place } from "../venues/distance";
import type { VenueList } from "../venues/venue-list";
import { isRefusal, type Found, type Refusal } from "./location";

export class Origin {
  readonly #line = need<HTMLElement>("#list-notice");
  #here: Place | null = null;

  constructor(
    private readonly map: L.Map,
    private readonly list: VenueList,
    private readonly words: Words,
  ) {
    // Not whenever the map moves: a card moves it too, and its row would not be where it was on the way back.
    map.on("dragend zoomend", () => {
      if (!this.#here) this.#fromMiddle();
    });
    this.#fromMiddle();
  }

  /** Takes what the browser answered: from now on distances are from there, or the line says why they are not. */
  take(found: Found): void {
    if (isRefusal(found)) return this.#fromMiddle(found);
    this.#here = found;
    this.list.measureFrom(found);
    this.#line.textContent = this.words.say("near.found");
  }

  #fromMiddle(why: Refusal | null = null): void {
    const { lng, lat } = this.map.getCenter();
    this.#here = null;
    this.list.measureFrom({ longitude: lng, latitude: lat });
    const middle = this.words.say("near.middle");
    this.#line.textContent = why ? `${refusalWords(why, this.words)} ${middle}` : middle;
  }
}

/** What happened, and what the reader can do. */
export function refusalWords(why: Refusal, words: Words): string {
  if (why === "denied") return words.say("locate.denied");
  return why === "unknown" ? words.say("locate.unknown") : words.say("locate.unavailable");
}
