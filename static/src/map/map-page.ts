/** The parts of the map page, put together: who hears of a new moment, a new theme, a newer manifest. */
import type * as L from "leaflet";
import type { Words } from "../client";
import { need } from "../dom";
import { HexagonLayer } from "../overlay/hexagon-layer";
import { hexagonPalette } from "../overlay/palette";
import type { Sheet } from "../sheet/sheet";
import { TimeBar } from "../time/time-bar";
import type { Moment, Timeline } from "../time/timeline";
import type { Place } from "../venues/distance";
import { VenueLayer } from "../venues/venue-layer";
import { VenueList } from "../venues/venue-list";
import { fetchJson, type Manifest, type Venue } from "../wire/api";
import { stepsOfCodes, type StepOfCode } from "../wire/frames";
import type { HexagonGeometry } from "../wire/geometry";
import { keepAnswering } from "./answer";
import { startButtons } from "./buttons";
import { startControls } from "./list-controls";
import { Location } from "./location";
import { Picking } from "./picking";

export interface MapParts {
  map: L.Map;
  sheet: Sheet;
  words: Words;
  manifest: Manifest;
  timeline: Timeline;
  geometry: HexagonGeometry;
  venues: Venue[];
}

export class MapPage {
  #manifest: Manifest;
  readonly #hexagons: HexagonLayer;
  readonly #venues: VenueLayer;
  readonly #list: VenueList;
  readonly #bar: TimeBar;

  constructor(private readonly parts: MapParts) {
    const { map, sheet, words, timeline, geometry, venues } = parts;
    this.#manifest = parts.manifest;
    this.#hexagons = new HexagonLayer(geometry).addTo(map);
    this.#venues = new VenueLayer(venues, (count) => words.number(count)).addTo(map);
    this.#list = new VenueList(venues, words, (index) => picking.openVenue(index, true));
    this.#bar = new TimeBar(timeline, () => this.#manifest, words);
    const picking = this.#makePicking();
    const location = new Location(map);
    this.#startList(location);
    startButtons(map, location, sheet);
    document.addEventListener("oryn:theme", () => this.#colour());
    this.#colour();
    timeline.onChange((moment) => this.#show(moment));
    keepAnswering({ map, timeline, geometry, venues, words, steps: () => this.#steps });
    timeline.move(timeline.wanted);
    const page = need("#map-page");
    page.classList.toggle("map-page--live", venues.length > 0);
    page.classList.toggle("map-page--list-only", !this.#hexagons.paints);
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

  #show({ levels, venueCodes }: Moment): void {
    if (levels) this.#hexagons.setLevels(levels);
    if (!venueCodes) return;
    this.#venues.setCodes(venueCodes);
    this.#list.setCodes(venueCodes);
  }

  #colour(): void {
    this.#hexagons.setPalette(hexagonPalette(this.#steps));
    this.#venues.themeChanged();
  }

  #makePicking(): Picking {
    const { map, geometry, timeline, venues, sheet, words } = this.parts;
    const shared = { map, geometry, timeline, venues, sheet, words, venueLayer: this.#venues, list: this.#list };
    return new Picking({ ...shared, manifest: () => this.#manifest });
  }

  #startList(location: Location): void {
    this.#list.measureFrom(this.#middle());
    startControls({
      list: this.#list,
      words: this.parts.words,
      locate: () => location.find(),
      middle: () => this.#middle(),
      onSearch: (shown) => this.#venues.setShown(shown),
    });
  }

  #middle(): Place {
    const { lng, lat } = this.parts.map.getCenter();
    return { longitude: lng, latitude: lat };
  }
}
