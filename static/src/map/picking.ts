/** What a tap on the map means: a venue within reach of the finger, else the hexagon under it. */
import * as L from "leaflet";
import type { Words } from "../client";
import { need } from "../dom";
import { hexagonAt, type HexagonGeometry } from "../wire/geometry";
import { toHalfMetres } from "../wire/mercator";
import { fetchJson, hasPlace, type Manifest, type Venue } from "../wire/api";
import type { Sheet } from "../sheet/sheet";
import type { Timeline } from "../time/timeline";
import { venueCard, type CardVenue } from "../venues/venue-card";
import type { VenueLayer } from "../venues/venue-layer";
import type { VenueList } from "../venues/venue-list";
import { hexagonPanel, outlineOf } from "./hexagon-info";
import { Panel } from "./panel";
import { make } from "../dom";

export interface PickingContext {
  map: L.Map;
  manifest: () => Manifest;
  geometry: HexagonGeometry;
  timeline: Timeline;
  venues: readonly Venue[];
  venueLayer: VenueLayer;
  list: VenueList;
  sheet: Sheet;
  words: Words;
}

type Open = { kind: "venue" | "hexagon"; index: number };

export class Picking {
  readonly #panel: Panel;
  #open: Open | null = null;
  #outline: L.Polygon | null = null;
  #asked: AbortController | null = null;
  #renewal = 0;

  constructor(private readonly context: PickingContext) {
    this.#panel = new Panel(context.words);
    context.map.on("click", (event) => this.#tap(event.latlng));
    context.timeline.onChange(() => this.#renew());
    const container = context.map.getContainer();
    container.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.target === container) this.#tap(context.map.getCenter());
    });
  }

  openVenue(index: number, fromList: boolean): void {
    const { venues, venueLayer, sheet, words, map } = this.context;
    const venue = venues[index];
    if (!venue) return;
    this.#show(
      { kind: "venue", index },
      make("p", { class: "notice", tabindex: -1 }, words.say("card.loading")),
      fromList,
    );
    venueLayer.choose(index);
    sheet.openTo("full");
    if (fromList && hasPlace(venue)) map.panTo([venue.latitude, venue.longitude]);
    void this.#loadCard(index, true);
  }

  #tap(latlng: L.LatLng): void {
    const [first, ...others] = this.context.venueLayer.at(latlng);
    if (first === undefined) this.#openHexagon(latlng);
    else if (others.length === 0) this.openVenue(first, false);
    else this.#openCluster([first, ...others]);
  }

  #openCluster(members: number[]): void {
    const { map, venues, sheet } = this.context;
    const places = members.map((index): L.LatLngTuple => [venues[index]?.latitude ?? 0, venues[index]?.longitude ?? 0]);
    const bounds = L.latLngBounds(places);
    if (map.getZoom() < map.getMaxZoom() && map.getBoundsZoom(bounds) > map.getZoom()) {
      map.setView(bounds.getCenter(), Math.min(map.getZoom() + 2, map.getMaxZoom()));
      return;
    }
    this.context.list.showOnly(members);
    sheet.openTo("half");
  }

  #openHexagon(latlng: L.LatLng): void {
    const { geometry, timeline, manifest, words, sheet, map } = this.context;
    const { x, y } = toHalfMetres(latlng.lng, latlng.lat);
    const index = hexagonAt(geometry, x, y);
    const { moment } = timeline;
    if (index < 0 || !moment) return;
    this.#show({ kind: "hexagon", index }, hexagonPanel(index, moment, manifest(), words), false);
    this.#outline = outlineOf(geometry, index).addTo(map);
    sheet.openTo("half");
  }

  #show(open: Open, content: HTMLElement, fromList: boolean): void {
    const focusBack = fromList
      ? () => this.context.list.focus(open.index)
      : () => this.context.map.getContainer().focus({ preventScroll: true });
    this.#panel.show(content, () => this.#closed(), focusBack);
    this.#open = open;
  }

  #closed(): void {
    this.#open = null;
    this.#asked?.abort();
    this.#outline?.remove();
    this.context.venueLayer.choose(-1);
    if (this.context.sheet.height === "full") this.context.sheet.height = "half";
  }

  /** The slider has moved: the hexagon's words follow at once, the card is asked for when the slider rests. */
  #renew(): void {
    const { timeline, manifest, words } = this.context;
    const { moment } = timeline;
    if (!this.#open || !moment) return;
    const { kind, index } = this.#open;
    if (kind === "hexagon") return this.#panel.replace(hexagonPanel(index, moment, manifest(), words));
    window.clearTimeout(this.#renewal);
    this.#renewal = window.setTimeout(() => void this.#loadCard(index, false), 300);
  }

  async #loadCard(index: number, moveFocus: boolean): Promise<void> {
    const { venues, timeline, words } = this.context;
    this.#asked?.abort();
    const asked = (this.#asked = new AbortController());
    const content = await this.#card(venues[index], timeline.moment?.bin.start, asked.signal).catch(() =>
      make("p", { class: "notice notice--error" }, words.say("card.failed")),
    );
    if (asked.signal.aborted || this.#open?.kind !== "venue" || this.#open.index !== index) return;
    this.#panel.replace(content);
    if (moveFocus)
      need<HTMLElement>("#panel").querySelector<HTMLElement>("[tabindex='-1']")?.focus({ preventScroll: true });
  }

  async #card(venue: Venue | undefined, at: string | undefined, signal: AbortSignal): Promise<HTMLElement> {
    const query = at ? `?at=${encodeURIComponent(at)}` : "";
    const card = await fetchJson<CardVenue>(`/api/v1/venues/${encodeURIComponent(venue?.id ?? "")}${query}`, signal);
    return venueCard(card, this.context.words);
  }
}
