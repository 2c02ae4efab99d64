/** Where the reader is. The position stays in this page: nothing of it is sent anywhere. */
import * as L from "leaflet";
import type { Place } from "../venues/distance";

export class Location {
  #mark: L.CircleMarker | null = null;

  constructor(private readonly map: L.Map) {}

  /** Asks the browser; null when it does not know or may not say. */
  find(): Promise<Place | null> {
    if (!("geolocation" in navigator)) return Promise.resolve(null);
    return new Promise((resolve) => {
      navigator.geolocation.getCurrentPosition(
        ({ coords }) => {
          this.#show(coords);
          resolve({ longitude: coords.longitude, latitude: coords.latitude });
        },
        () => resolve(null),
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
