/**
 * The map page. What the server rendered (the list, the legends, the first answer) is taken over piece by piece;
 * whatever fails leaves the server's words standing.
 */
import type * as L from "leaflet";
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
  const manifest = await fetchJson<Manifest>(config.manifest_url);
  if (!manifest.area) return showListOnly(); // nothing has been delivered yet: the server's page says so
  const timeline = new Timeline(manifest);
  const [geometry] = await Promise.all([fetchGeometry(manifest.area.url), timeline.loadNewest()]);
  const page = new MapPage({ map, sheet, words, manifest, timeline, geometry });
  mark("first");
  if (config.base_map_url) void drawBaseMap(map, config.base_map_url, config.language);
  // The list of venues is the largest part: the ground is coloured before it is asked for.
  page.addVenues(manifest.venues ? await fetchVenues(manifest.venues.url).catch(() => []) : []);
  await timeline.loadWindow();
  mark("window");
  // When it fails, the age in words grows and says so.
  window.setInterval(() => void page.renew(config.manifest_url).catch(() => undefined), RENEW_EVERY_MS);
}

/** Hexagons alone still tell, so a base map that does not come is no failure. */
async function drawBaseMap(map: L.Map, url: string, language: string): Promise<void> {
  const data = await fetchJson<BaseMapData>(url).catch(() => null);
  if (data) addBaseMap(map, data, language);
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
