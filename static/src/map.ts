/**
 * The map page. What the server rendered (the list, the legends, the first answer) is taken over piece by piece;
 * whatever fails leaves the server's words standing.
 */
import { readConfig, Words } from "./client";
import { need } from "./dom";
import { MapPage } from "./map/map-page";
import { makeMap } from "./map/leaflet-map";
import { addBaseMap, type BaseMapData } from "./overlay/base-map";
import { Sheet } from "./sheet/sheet";
import { Timeline } from "./time/timeline";
import { fetchGeometry, fetchJson, fetchVenues, type Manifest } from "./wire/api";

const RENEW_EVERY_MS = 60_000;

async function start(): Promise<void> {
  const config = readConfig();
  const words = new Words(config.language, config.strings);
  const sheet = new Sheet();
  sheet.height = "peek";
  const map = makeMap(need("#map"), config);
  const baseMap = config.base_map_url ? fetchJson<BaseMapData>(config.base_map_url) : null;
  const manifest = await fetchJson<Manifest>(config.manifest_url);
  if (!manifest.area) return showListOnly(); // nothing has been delivered yet: the server's page says so
  const timeline = new Timeline(manifest);
  const [geometry, venues] = await Promise.all([
    fetchGeometry(manifest.area.url),
    manifest.venues ? fetchVenues(manifest.venues.url) : [],
    timeline.loadNewest(),
  ]);
  const page = new MapPage({ map, sheet, words, manifest, timeline, geometry, venues });
  mark("first");
  void baseMap?.then((data) => addBaseMap(map, data, config.language)).catch(() => undefined); // hexagons alone still tell
  await timeline.loadWindow();
  mark("window");
  // When it fails, the age in words grows and says so.
  window.setInterval(() => void page.renew(config.manifest_url).catch(() => undefined), RENEW_EVERY_MS);
}

/** How far the page has come, for whoever waits for it. */
function mark(ready: "first" | "window"): void {
  need<HTMLElement>("#map-page").dataset["ready"] = ready;
}

/** The server's list stays, whole. */
function showListOnly(): void {
  document.querySelector("#map-page")?.classList.add("map-page--list-only");
  document.querySelector("#map-page")?.classList.remove("map-page--live");
}

start().catch((error: unknown) => {
  showListOnly(); // the console says why there is no map
  console.error(error);
});
