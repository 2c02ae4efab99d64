/** Where the reader is. The position stays in this page: nothing of it is sent anywhere. */
import * as L from "leaflet";
import type { Place } from "../venues/distance";

/** Why there is no position: it may not be told, it cannot be found, or the browser has none to give on this page. */
export type Refusal = "denied" | "unknown" | "unavailable";

export type Found = Place | Refusal;

export class Location {
  #mark: L.CircleMarker | null = null;

  constructor(private readonly map: L.Map) {}

  /** Asks the browser for the place. */
  find(): Promise<Found> {
    if (!("geolocation" in navigator) || !window.isSecureContext) return Promise.resolve("unavailable");
    return new Promise((resolve) => {
      navigator.geolocation.getCurrentPosition(
        ({ coords }) => {
          this.#show(coords);
          resolve({ longitude: coords.longitude, latitude: coords.latitude });
        },
        ({ code, PERMISSION_DENIED }) => resolve(code === PERMISSION_DENIED ? "denied" : "unknown"),
        { maximumAge: 60_000, timeout: 10_000 },
      );
    });
  }

  #show({ latitude, longitude }: GeolocationCoordinates): void {
    this.#mark?.remove();
    this.#mark = L.circleMarker([latitude, longitude], {
      pane: "here",
      radius: 8,
      interactive: false,
      className: "here",
    });
    this.#mark.addTo(this.map);
  }
}

export function isRefusal(found: Found): found is Refusal {
  return typeof found === "string";
}
