/**
 * The card of one venue: asked for at the moment that the slider shows, built from elements and text only.
 * The words are the server's; the script only places them.
 */
import type { Words } from "../client";
import { make } from "../dom";
import type { StatusColour } from "../wire/api";
import type { VenueCode } from "../wire/frames";
import { statusBadge } from "./badges";
import { intervalBar } from "./interval-bar";

export interface CardCrowding {
  code: VenueCode;
  words: string;
  interval_words?: string | null;
  meaning_words?: string | null;
  reason_words?: string | null;
  helps_words?: string | null;
  neighbours_words?: string | null;
  low?: number | null;
  best?: number | null;
  high?: number | null;
  limit?: number | null;
  age_words: string;
  observed_clock: string;
  age_class: string;
  uncalibrated?: boolean;
}

export interface CardVenue {
  id: string;
  name: string;
  category_label: string;
  district?: string | null;
  address?: string | null;
  url: string;
  status: {
    colour: StatusColour;
    word: string;
    reason?: string | null;
    what_would_change?: string[];
    valid_until_words?: string | null;
  };
  crowding: CardCrowding;
}

export function venueCard(venue: CardVenue, words: Words): HTMLElement {
  const { status } = venue;
  return make(
    "article",
    { class: "card venue-card" },
    make("h2", { class: "venue-card__name", tabindex: -1 }, venue.name),
    line("venue-card__place", [venue.category_label, venue.address ?? venue.district].filter(Boolean).join(" · ")),
    crowdingPart(venue.crowding, words),
    make(
      "section",
      { class: "venue-card__part" },
      make("h3", { class: "venue-card__heading" }, words.say("card.status")),
      make("p", {}, statusBadge(status)),
      line("", status.reason),
      line("", status.valid_until_words),
      changes(status.what_would_change ?? [], words),
    ),
    make("p", {}, make("a", { href: venue.url }, words.say("card.whole"))),
  );
}

function crowdingPart(crowding: CardCrowding, words: Words): HTMLElement {
  const seen = words.say("time.value", { clock: crowding.observed_clock, age: crowding.age_words });
  return make(
    "section",
    { class: "venue-card__part" },
    make("h3", { class: "venue-card__heading" }, words.say("card.crowding")),
    make("p", {}, make("span", { class: `crowding crowding--large crowding--${crowding.code}` }, crowding.words)),
    intervalBar(crowding, words),
    line("interval-words", crowding.interval_words),
    line("", limitWords(crowding.limit, words)),
    line("", crowding.meaning_words),
    line("", crowding.reason_words),
    line("", crowding.helps_words),
    line("", crowding.neighbours_words),
    make("p", { class: `age age--${crowding.age_class}` }, seen),
  );
}

/** Null for who may not see the permitted number. */
function limitWords(limit: number | null | undefined, words: Words): string | null {
  return limit === null || limit === undefined ? null : words.say("card.limit", { n: words.number(limit) });
}

function changes(sentences: readonly string[], words: Words): HTMLElement | null {
  if (sentences.length === 0) return null;
  return make(
    "div",
    {},
    make("h4", { class: "venue-card__heading" }, words.say("card.change")),
    make("ul", { class: "venue-card__changes" }, ...sentences.map((sentence) => make("li", {}, sentence))),
  );
}

function line(className: string, text: string | null | undefined): HTMLElement | null {
  return text ? make("p", { class: className || null }, text) : null;
}
