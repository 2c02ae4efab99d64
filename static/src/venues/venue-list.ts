/**
 * The list of venues: everything that the map says, in words. Sorted by crowding or distance, filtered by name.
 *
 * Only one page of rows is in the document, so that two thousand venues stay quick while the slider moves.
 */
import type { Words } from "../client";
import { make, need, oncePerFrame } from "../dom";
import { hasPlace, type Unusual, type Venue } from "../wire/api";
import { crowdingOrder, venueCode } from "../wire/frames";
import { crowdingBadge, statusBadge, unusualBadge } from "./badges";
import { distanceM, distanceWords, type Place } from "./distance";
import { fold } from "./fold";
import { categoryOf, nameOf } from "./wording";

const PAGE_ROWS = 30;

export type Order = "crowding" | "distance" | "name";

interface Entry {
  index: number;
  venue: Venue;
  name: string;
  key: string;
  distance: number;
}

export class VenueList {
  readonly #list = need<HTMLElement>("#venue-rows");
  readonly #count = need<HTMLElement>("#venue-count");
  readonly #more = make("button", { type: "button", class: "button button--quiet venue-list__more" });
  readonly #entries: Entry[];
  #codes: Uint8Array;
  #unusual: Readonly<Record<string, Unusual>> = {};
  #order: Order = "crowding";
  #query = "";
  #only: ReadonlySet<number> | null = null;
  #pages = 1;
  readonly #renderSoon = oncePerFrame(() => this.render());

  constructor(
    venues: readonly Venue[],
    private readonly words: Words,
    private readonly open: (index: number) => void,
  ) {
    this.#codes = new Uint8Array(venues.length);
    this.#entries = venues.map((venue, index) => {
      const name = nameOf(venue, words.language);
      const key = fold(`${name} ${Object.values(venue.name).join(" ")} ${categoryOf(venue, words)}`);
      return { index, venue, name, key, distance: Infinity };
    });
    this.#more.addEventListener("click", () => this.#showMore());
    this.#list.addEventListener("click", (event) => this.#onClick(event));
  }

  get order(): Order {
    return this.#order;
  }

  /** `unusual`: what is unusual in the same picture, by id of the venue. */
  setCodes(codes: Uint8Array, unusual: Readonly<Record<string, Unusual>> = {}): void {
    this.#codes = codes;
    this.#unusual = unusual;
    this.#renderSoon();
  }

  sortBy(order: Order): void {
    this.#order = order;
    this.#pages = 1;
    this.render();
  }

  measureFrom(place: Place): void {
    for (const entry of this.#entries)
      entry.distance = hasPlace(entry.venue) ? distanceM(place, entry.venue) : Infinity;
    this.render();
  }

  /** Narrows the list to names that hold the query; returns the venues left, or null when none was left out. */
  search(query: string): ReadonlySet<number> | null {
    this.#query = fold(query);
    this.#only = null;
    this.#pages = 1;
    this.render();
    return this.#query ? new Set(this.#matching().map(({ index }) => index)) : null;
  }

  /** Shows only these venues, for a cluster that cannot be zoomed apart. */
  showOnly(indexes: readonly number[]): void {
    this.#only = new Set(indexes);
    this.#pages = 1;
    this.render();
  }

  focus(index: number): void {
    this.#list.querySelector<HTMLElement>(`[data-index="${index}"]`)?.focus();
  }

  /** Puts the rows into the document; nothing while nobody can see them, as at the sheet's lowest height. */
  render(): void {
    if (this.#entries.length === 0 || getComputedStyle(this.#list).visibility === "hidden") return;
    const matching = this.#matching().sort(COMPARE[this.#order](this.#codes));
    const shown = matching.slice(0, this.#pages * PAGE_ROWS);
    this.#list.replaceChildren(...shown.map((entry) => this.#row(entry)));
    this.#count.textContent = matching.length
      ? this.words.count("list.count", matching.length)
      : this.words.say("list.none");
    this.#offerMore(matching.length - shown.length);
  }

  #matching(): Entry[] {
    return this.#entries.filter(
      ({ index, key }) => (!this.#only || this.#only.has(index)) && (!this.#query || key.includes(this.#query)),
    );
  }

  #row({ index, venue, name, distance }: Entry): HTMLElement {
    const far = Number.isFinite(distance) ? distanceWords(distance, this.words) : null;
    const meta = [categoryOf(venue, this.words), venue.district, far].filter(Boolean).join(" · ");
    const link = make("a", { class: "venue-row__name", href: `/venues/${venue.id}`, "data-index": index }, name);
    const unusual = this.#unusual[venue.id];
    const badges = make(
      "p",
      { class: "venue-row__badges" },
      crowdingBadge(venueCode(this.#codes[index]), this.words),
      unusual ? unusualBadge(unusual, this.words) : null,
      statusBadge(venue.status),
    );
    return make("li", { class: "venue-row" }, link, make("p", { class: "venue-row__meta" }, meta), badges);
  }

  #offerMore(left: number): void {
    if (left <= 0) return this.#more.remove();
    this.#more.textContent = this.words.count("list.more", left);
    this.#list.after(this.#more);
  }

  #showMore(): void {
    const first = this.#pages * PAGE_ROWS;
    this.#pages += 1;
    this.render();
    this.#list.children[first]?.querySelector<HTMLElement>("a")?.focus();
  }

  #onClick(event: MouseEvent): void {
    const link = (event.target as Element).closest<HTMLElement>("[data-index]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    this.open(Number(link.dataset["index"]));
  }
}

type Comparison = (one: Entry, other: Entry) => number;

const COMPARE: Record<Order, (codes: Uint8Array) => Comparison> = {
  crowding: (codes) => {
    const order = (entry: Entry): number => crowdingOrder(venueCode(codes[entry.index]));
    return (one, other) => order(one) - order(other) || nearer(one, other);
  },
  distance: () => nearer,
  name: () => (one, other) => one.name.localeCompare(other.name),
};

/** By name where distances are equal, or unknown to both. */
function nearer(one: Entry, other: Entry): number {
  const by = one.distance - other.distance;
  return Number.isNaN(by) ? one.name.localeCompare(other.name) : by;
}
