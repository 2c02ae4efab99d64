/** The badges of status and crowding: the same elements and classes as templates/_venue.html makes. */
import type { Words } from "../client";
import { make } from "../dom";
import type { StatusColour, Unusual } from "../wire/api";
import type { VenueCode } from "../wire/frames";

export function statusBadge(status: { colour: StatusColour; word: string }): HTMLElement {
  return make("span", { class: `status status--${status.colour}` }, status.word);
}

export function crowdingBadge(code: VenueCode, words: Words): HTMLElement {
  return make("span", { class: `crowding crowding--${code}` }, words.say(`crowding.${code}`));
}

export function unusualBadge(unusual: Unusual, words: Words): HTMLElement {
  return make("span", { class: `unusual unusual--${unusual}` }, words.say(`unusual.${unusual}`));
}
