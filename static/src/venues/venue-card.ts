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
import { usualPart } from "./usual-week";

export interface CardCrowding {
  code: VenueCode;
  words: string;
  interval_words?: string | null;
  meaning_words?: string | null;
  reason_words?: string | null;
  helps_words?: string | null;
  neighbours_words?: string | null;
  neighbours?: { name: string; url: string }[];
  scale_words?: string | null;
  sure_words?: string | null;
  uncalibrated_words?: string | null;
  whose_words?: string | null;
  unusual_words?: string[];
  after_hours_words?: string | null;
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
  nearby?: Nearby | null;
}

/** Less crowded places of the same kind, nearest first; `none_words` says why there are none. */
export interface Nearby {
  rows: NearbyVenue[];
  none_words: string | null;
}

interface NearbyVenue {
  name: string;
  url: string;
  distance_words?: string | null;
  crowding: { code: VenueCode; words: string; sure_words: string | null };
}

export function venueCard(venue: CardVenue, words: Words): HTMLElement {
  const { status } = venue;
  return make(
    "article",
    { class: "card venue-card" },
    make("h2", { class: "venue-card__name", tabindex: -1 }, venue.name),
    line("venue-card__place", [venue.category_label, venue.address ?? venue.district].filter(Boolean).join(" · ")),
    crowdingPart(venue.crowding, words),
    nearbyPart(venue.nearby, words),
    usualPart(`/api/v1/venues/${encodeURIComponent(venue.id)}/usual`, words),
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

/** The same order as the macro crowding_answer of templates/_venue.html: how full and how sure first. */
function crowdingPart(crowding: CardCrowding, words: Words): HTMLElement {
  const seen = words.say("time.value", { clock: crowding.observed_clock, age: crowding.age_words });
  return make(
    "section",
    { class: "venue-card__answer" },
    make("h3", { class: "visually-hidden" }, words.say("card.crowding")),
    make(
      "p",
      { class: "answer" },
      make("span", { class: `crowding crowding--large crowding--${crowding.code}` }, crowding.words),
    ),
    line("answer__sure", crowding.sure_words),
    ...lines([crowding.reason_words, crowding.helps_words, crowding.uncalibrated_words]),
    make("p", {}, make("span", { class: `age age--${crowding.age_class}` }, seen)),
    intervalBar(crowding, words),
    line("interval-words", crowding.interval_words),
    ...lines([crowding.scale_words, crowding.meaning_words]),
    ...headed(words.say("card.whose"), [crowding.whose_words]),
    line("", crowding.neighbours_words),
    rivals(crowding.neighbours ?? []),
    ...headed(words.say("card.compared"), crowding.unusual_words ?? []),
    line("notice", crowding.after_hours_words),
  );
}

function nearbyPart(nearby: Nearby | null | undefined, words: Words): HTMLElement | null {
  if (!nearby) return null;
  const rows = nearby.rows.map(nearbyRow);
  return make(
    "section",
    { class: "venue-card__part" },
    make("h3", { class: "venue-card__heading" }, words.say("card.nearby")),
    line("", nearby.none_words),
    line("hint", rows.length > 0 ? words.say("near.here") : null),
    rows.length > 0 ? make("ol", { class: "venue-list" }, ...rows) : null,
  );
}

function nearbyRow({ name, url, distance_words: far, crowding }: NearbyVenue): HTMLElement {
  return make(
    "li",
    { class: "venue-row" },
    make("a", { class: "venue-row__name", href: url }, name),
    line("venue-row__meta", far),
    make("p", {}, make("span", { class: `crowding crowding--${crowding.code}` }, crowding.words)),
    line("venue-row__meta", crowding.sure_words),
  );
}

type Text = string | null | undefined;

function lines(texts: readonly Text[]): (HTMLElement | null)[] {
  return texts.map((text) => line("", text));
}

/** A heading and its sentences; nothing where there are none. */
function headed(heading: string, texts: readonly Text[]): (HTMLElement | null)[] {
  if (!texts.some(Boolean)) return [];
  return [make("h4", { class: "venue-card__heading" }, heading), ...lines(texts)];
}

/** Other venues to which the same people may belong. */
function rivals(neighbours: readonly { name: string; url: string }[]): HTMLElement | null {
  if (neighbours.length === 0) return null;
  const links = neighbours.map(({ name, url }) =>
    make("li", {}, make("a", { class: "rivals__link", href: url }, name)),
  );
  return make("ul", { class: "rivals" }, ...links);
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

function line(className: string, text: Text): HTMLElement | null {
  return text ? make("p", { class: className || null }, text) : null;
}
