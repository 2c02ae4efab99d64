/**
 * The base map of our own: districts, parks and mountains below the hexagons, streets as thin lines and names above.
 *
 * Drawn as SVG with classes, so that the theme's CSS colours it.
 */
import type { Feature, FeatureCollection, LineString, Polygon, Position } from "geojson";
import * as L from "leaflet";

interface Named {
  kind: "district" | "park" | "mountains" | "water" | "street";
  name_kk?: string;
  name_ru?: string;
  name_en?: string;
}

export type BaseMapFeature = Feature<Polygon | LineString, Named>;
export type BaseMapData = FeatureCollection<Polygon | LineString, Named>;

/** Zooms from which names are shown: less important ones only when there is room for them. */
const NAMES_FROM_ZOOM = { district: 11, mountains: 11, park: 14, water: 14, street: 15 } as const;
const DISTRICT_NAMES_UNTIL_ZOOM = 14;

export function addBaseMap(map: L.Map, data: BaseMapData, language: string): void {
  const fills = L.svg({ pane: "ground", padding: 0.4 });
  const lines = L.svg({ pane: "streets", padding: 0.4 });
  L.geoJSON(data, {
    interactive: false,
    style: (feature) => styleOf(feature as BaseMapFeature, fills, lines),
  }).addTo(map);
  addNames(map, data.features, language);
}

function styleOf(feature: BaseMapFeature, fills: L.Renderer, lines: L.Renderer): L.PathOptions {
  const { kind } = feature.properties;
  const className = `base-map base-map--${kind}`;
  return kind === "street"
    ? { renderer: lines, pane: "streets", className }
    : { renderer: fills, pane: "ground", className };
}

function addNames(map: L.Map, features: readonly BaseMapFeature[], language: string): void {
  const labels = features.flatMap((feature) => {
    const text = nameOf(feature.properties, language);
    return text ? [{ kind: feature.properties.kind, marker: label(feature, text) }] : [];
  });
  const show = (): void => {
    for (const { kind, marker } of labels) {
      const zoom = map.getZoom();
      const fits = zoom >= NAMES_FROM_ZOOM[kind] && !(kind === "district" && zoom > DISTRICT_NAMES_UNTIL_ZOOM);
      if (fits) marker.addTo(map);
      else marker.remove();
    }
  };
  map.on("zoomend", show);
  show();
}

function nameOf(named: Named, language: string): string | undefined {
  const names: Record<string, string | undefined> = { kk: named.name_kk, ru: named.name_ru, en: named.name_en };
  return names[language] ?? named.name_kk ?? named.name_ru;
}

function label(feature: BaseMapFeature, text: string): L.Marker {
  const [longitude = 0, latitude = 0] = middle(feature);
  const span = document.createElement("span");
  span.className = "map-label__text";
  span.textContent = text;
  const icon = L.divIcon({
    className: `map-label map-label--${feature.properties.kind}`,
    html: span,
    iconSize: [0, 0],
  });
  return L.marker([latitude, longitude], { icon, pane: "names", interactive: false, keyboard: false });
}

/** The middle of a line's longest way, or of a polygon's area. */
function middle(feature: BaseMapFeature): Position {
  const { geometry } = feature;
  if (geometry.type === "LineString")
    return geometry.coordinates[Math.floor(geometry.coordinates.length / 2)] ?? [0, 0];
  return centroid(geometry.coordinates[0] ?? []);
}

function centroid(ring: readonly Position[]): Position {
  let [area, x, y] = [0, 0, 0];
  ring.forEach(([x0 = 0, y0 = 0], index) => {
    const [x1 = 0, y1 = 0] = ring[(index + 1) % ring.length] ?? [];
    const cross = x0 * y1 - x1 * y0;
    area += cross;
    x += (x0 + x1) * cross;
    y += (y0 + y1) * cross;
  });
  return area === 0 ? (ring[0] ?? [0, 0]) : [x / (3 * area), y / (3 * area)];
}
