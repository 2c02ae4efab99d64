/** The parts of the map page, put together: who hears of a new moment, a new theme, a newer manifest. */
import type * as L from "leaflet";
import type { Words } from "../client";
import { need } from "../dom";
import { HexagonLayer } from "../overlay/hexagon-layer";
import { hexagonPalette } from "../overlay/palette";
import type { Sheet } from "../sheet/sheet";
import { TimeBar } from "../time/time-bar";
import type { Timeline } from "../time/timeline";
import { VenueLayer } from "../venues/venue-layer";
import { VenueList } from "../venues/venue-list";
import { fetchJson, type Manifest, type Venue } from "../wire/api";
import { stepsOfCodes, type StepOfCode } from "../wire/frames";
import { hexagonAt, type HexagonGeometry } from "../wire/geometry";
import { toHalfMetres } from "../wire/mercator";
import type { Place } from "../venues/distance";
import { keepAnswering } from "./answer";
import { startButtons } from "./buttons";
import { startControls } from "./list-controls";
import { isRefusal, Location } from "./location";
import { MapNotice } from "./map-notice";
import { Origin, refusalWords } from "./origin";
import { Picking } from "./picking";

const NEAR_ZOOM = 15;

export interface MapParts {
  map: L.Map;
  sheet: Sheet;
  words: Words;
  manifest: Manifest;
  timeline: Timeline;
  geometry: HexagonGeometry;
}

export class MapPage {
  #manifest: Manifest;
  readonly #hexagons: HexagonLayer;
  readonly #bar: TimeBar;
  readonly #location: Location;
  readonly #notice: MapNotice;
  #origin: Origin | null = null;

  constructor(private readonly parts: MapParts) {
    const { map, sheet, words, timeline, geometry } = parts;
    this.#manifest = parts.manifest;
    this.#hexagons = new HexagonLayer(geometry).addTo(map);
    this.#bar = new TimeBar(timeline, () => this.#manifest, words);
    this.#location = new Location(map);
    this.#notice = new MapNotice(words);
    startButtons(map, () => void this.#goToReader(), sheet);
    this.#onTheme(() => this.#hexagons.setPalette(hexagonPalette(this.#steps)));
    timeline.onChange(({ levels }) => levels && this.#hexagons.setLevels(levels));
    timeline.move(timeline.wanted);
    need("#map-page").classList.toggle("map-page--list-only", !this.#hexagons.paints);
  }

  /** Takes the list of venues over from the server's page; without venues that page's list stays. */
  addVenues(venues: readonly Venue[]): void {
    const { map, sheet, words, timeline, geometry } = this.parts;
    const layer = new VenueLayer(venues, (count) => words.number(count)).addTo(map);
    const list = new VenueList(venues, words, (index) => picking.openVenue(index, true));
    const manifest = (): Manifest => this.#manifest;
    const picking = new Picking({ map, geometry, timeline, venues, sheet, words, venueLayer: layer, list, manifest });
    this.#onTheme(() => layer.themeChanged());
    sheet.onHeight(() => list.render());
    timeline.onChange(({ venueCodes, bin }) => {
      if (!venueCodes) return;
      layer.setCodes(venueCodes);
      const isNewest = bin.start === manifest().bins.at(-1)?.start;
      list.setCodes(venueCodes, isNewest ? manifest().unusual : {});
    });
    if (venues.length > 0) this.#startList(list, layer);
    keepAnswering({ map, timeline, geometry, venues, words, steps: () => this.#steps });
    timeline.move(timeline.wanted);
  }

  /** Asks whether there is something newer; also lets the ages in words grow. */
  async renew(manifestUrl: string): Promise<void> {
    const { timeline } = this.parts;
    if (timeline.moment) this.#bar.show(timeline.moment);
    if (document.visibilityState !== "visible") return;
    const newer = await fetchJson<Manifest>(manifestUrl);
    const sameGround = newer.area?.digest === this.#manifest.area?.digest;
    // Another area or another venue list would not fit the bytes that are here: the next visit fetches them.
    if (!sameGround || newer.venues?.digest !== this.#manifest.venues?.digest) return;
    this.#manifest = newer;
    await timeline.renew(newer);
  }

  get #steps(): StepOfCode {
    return stepsOfCodes(this.#manifest.density.codes, this.#manifest.density.steps);
  }

  #onTheme(colour: () => void): void {
    colour();
    document.addEventListener("oryn:theme", colour);
  }

  #startList(list: VenueList, layer: VenueLayer): void {
    const origin = (this.#origin = new Origin(this.parts.map, list, this.parts.words));
    need("#map-page").classList.add("map-page--live");
    startControls({
      list,
      locate: () => void this.#location.find().then((found) => origin.take(found)),
      onSearch: (shown) => layer.setShown(shown),
    });
  }

  /** Moves the map to the reader, or says why it does not. */
  async #goToReader(): Promise<void> {
    const { map, words } = this.parts;
    this.#notice.clear();
    const found = await this.#location.find();
    if (isRefusal(found)) return this.#notice.say(refusalWords(found, words));
    if (!this.#covers(found)) this.#notice.say(words.say("locate.outside"));
    else map.setView([found.latitude, found.longitude], Math.max(map.getZoom(), NEAR_ZOOM));
    this.#origin?.take(found);
  }

  #covers({ longitude, latitude }: Place): boolean {
    const { x, y } = toHalfMetres(longitude, latitude);
    return hexagonAt(this.parts.geometry, x, y) >= 0;
  }
}
