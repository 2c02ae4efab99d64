/**
 * The map page. What the server rendered (the list, the legends, the first answer) is taken over piece by piece;
 * whatever fails leaves the server's words standing.
 */
import "leaflet";
import { readConfig, Words, type ClientConfig } from "./client";
import { need } from "./dom";
import { answerMoves } from "./map/answer";
import { startButtons } from "./map/buttons";
import { makeMap } from "./map/leaflet-map";
import { startControls } from "./map/list-controls";
import { Location } from "./map/location";
import { Picking } from "./map/picking";
import { addBaseMap, type BaseMapData } from "./overlay/base-map";
import { HexagonLayer } from "./overlay/hexagon-layer";
import { hexagonPalette } from "./overlay/palette";
import { Sheet } from "./sheet/sheet";
import { TimeBar } from "./time/time-bar";
import { Timeline } from "./time/timeline";
import { VenueLayer } from "./venues/venue-layer";
import { VenueList } from "./venues/venue-list";
import { fetchGeometry, fetchJson, fetchVenues, type Manifest } from "./wire/api";
import { stepsOfCodes } from "./wire/frames";

const RENEW_EVERY_MS = 60_000;

async function start(): Promise<void> {
  const config = readConfig();
  const words = new Words(config.language, config.strings);
  const sheet = new Sheet();
  const map = makeMap(need("#map"), config);
  void drawBaseMap(map, config);
  let manifest = await fetchJson<Manifest>(config.manifest_url);
  const timeline = new Timeline(manifest);
  const [geometry, venues] = await Promise.all([
    fetchGeometry(manifest.area.url),
    manifest.venues ? fetchVenues(manifest.venues.url) : Promise.resolve([]),
    timeline.loadNewest(),
  ]);

  const hexagons = new HexagonLayer(geometry);
  if (!hexagons.paints) need("#map-page").classList.add("map-page--list-only");
  hexagons.addTo(map);
  const venueLayer = new VenueLayer(venues, (count) => words.number(count)).addTo(map);
  const colour = (): void => {
    hexagons.setPalette(hexagonPalette(stepsOfCodes(manifest.density.codes, manifest.density.steps)));
    venueLayer.themeChanged();
  };
  colour();
  document.addEventListener("oryn:theme", colour);

  const list = new VenueList(venues, words, (index) => picking.openVenue(index, true));
  const context = {
    map,
    manifest: () => manifest,
    geometry,
    timeline,
    venues,
    venueLayer,
    list: () => list,
    sheet,
    words,
  };
  const picking = new Picking(context);
  const location = new Location(map);
  const middle = (): { longitude: number; latitude: number } => {
    const { lng, lat } = map.getCenter();
    return { longitude: lng, latitude: lat };
  };
  list.measureFrom(middle());
  startControls({
    list,
    words,
    locate: () => location.find(),
    middle,
    onSearch: (shown) => venueLayer.setShown(shown),
  });
  startButtons(map, location, sheet);
  const bar = new TimeBar(timeline, () => manifest, words);
  timeline.onChange((moment) => {
    if (moment.levels) hexagons.setLevels(moment.levels);
    if (!moment.venueCodes) return;
    venueLayer.setCodes(moment.venueCodes);
    list.setCodes(moment.venueCodes);
  });
  answerMoves(map, timeline, venues, sheet, words);
  need<HTMLElement>("#map-page").dataset["ready"] = "first";
  timeline.move(timeline.wanted);
  await timeline.loadWindow();
  need<HTMLElement>("#map-page").dataset["ready"] = "window";

  window.setInterval(() => {
    if (timeline.moment) bar.show(timeline.moment);
    if (document.visibilityState === "visible") void renew();
  }, RENEW_EVERY_MS);
  const renew = async (): Promise<void> => {
    const newer = await fetchJson<Manifest>(config.manifest_url);
    if (newer.area.digest !== manifest.area.digest || newer.venues?.digest !== manifest.venues?.digest) return;
    manifest = newer;
    await timeline.renew(newer);
  };
}

async function drawBaseMap(map: ReturnType<typeof makeMap>, config: ClientConfig): Promise<void> {
  if (!config.base_map_url) return;
  addBaseMap(map, await fetchJson<BaseMapData>(config.base_map_url), config.language);
}

start().catch((error: unknown) => {
  // The server's list stays; the console says why there is no map.
  document.querySelector("#map-page")?.classList.add("map-page--list-only");
  console.error(error);
});
