/** The Leaflet map with its panes, lowest first: ground, hexagons, streets, names, choice, venues. */
import * as L from "leaflet";
import type { ClientConfig } from "../client";

const PANES = { ground: 200, hexagons: 300, streets: 350, choice: 380, names: 400, venues: 450, here: 500 } as const;
const START_ZOOM = 13;

export function makeMap(element: HTMLElement, config: ClientConfig): L.Map {
  const [longitude, latitude] = config.centre;
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const map = L.map(element, {
    center: [latitude, longitude],
    zoom: config.zoom ?? START_ZOOM,
    minZoom: 9,
    maxZoom: 18,
    zoomControl: false,
    attributionControl: false,
    zoomAnimation: !calm,
    fadeAnimation: false,
    inertia: !calm,
  });
  for (const [name, zIndex] of Object.entries(PANES)) {
    const pane = map.createPane(name);
    pane.style.zIndex = String(zIndex);
    pane.style.pointerEvents = "none";
  }
  // The header folds, phones turn, the panel appears: Leaflet hears of the window's size only.
  new ResizeObserver(() => map.invalidateSize({ pan: false })).observe(element);
  return map;
}
