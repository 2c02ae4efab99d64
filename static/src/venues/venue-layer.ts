/** The venues on the map: one canvas for all, so that two thousand of them cost no elements. */
import * as L from "leaflet";
import { CanvasOverlay, type View } from "../overlay/canvas-overlay";
import { hasPlace, type Venue } from "../wire/api";
import { levelsOf, venueCode } from "../wire/frames";
import { toHalfMetres, toWorldPixels, type Point } from "../wire/mercator";
import { declutter, nearestCluster, type Cluster, type Placed } from "./declutter";
import { drawCluster, drawVenue, markerColours, type MarkerColours } from "./marker-shapes";

/** Overviews gather venues more, so that the ground's colours stay seen. */
const NEAR_SQUARE_PX = 52;
const FAR_SQUARE_PX = 96;
const NEAR_ZOOM = 15;
const FAR_ZOOM = 13;
/** Half a touch target. */
const REACH_PX = 22;

export class VenueLayer extends CanvasOverlay {
  readonly #places: (Point | null)[];
  #codes: Uint8Array;
  #shown: ReadonlySet<number> | null = null;
  #chosen = -1;
  #colours: MarkerColours = markerColours();
  #clusters: Cluster[] = [];
  #clusteredZoom = Number.NaN;

  constructor(
    private readonly venues: readonly Venue[],
    private readonly formatCount: (count: number) => string,
  ) {
    super("venues");
    this.#places = venues.map((venue) => (hasPlace(venue) ? toHalfMetres(venue.longitude, venue.latitude) : null));
    this.#codes = new Uint8Array(venues.length);
  }

  setCodes(codes: Uint8Array): void {
    this.#codes = codes;
    this.repaint();
  }

  /** Draws only these venues (by index); null draws all. */
  setShown(shown: ReadonlySet<number> | null): void {
    this.#shown = shown;
    this.#clusteredZoom = Number.NaN;
    this.repaint();
  }

  choose(index: number): void {
    this.#chosen = index;
    this.repaint();
  }

  themeChanged(): void {
    this.#colours = markerColours();
    this.repaint();
  }

  /** The venues under a point of the map, as indexes; empty when there are none within a finger's reach. */
  at(latlng: L.LatLng): number[] {
    if (!this.view) return [];
    const point = toWorldPixels(toHalfMetres(latlng.lng, latlng.lat), this.view.zoom);
    return nearestCluster(this.#clusters, point, REACH_PX)?.members ?? [];
  }

  protected override paint(view: View): void {
    const pen = this.canvas.getContext("2d");
    if (!pen) return;
    if (this.#clusteredZoom !== view.zoom) this.#cluster(view.zoom);
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
    pen.setTransform(view.pixelRatio, 0, 0, view.pixelRatio, 0, 0);
    pen.font = `600 13px ${getComputedStyle(document.body).fontFamily}`;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    for (const cluster of this.#clusters) this.#drawIfVisible(pen, cluster, view);
  }

  #cluster(zoom: number): void {
    const placed: Placed[] = [];
    this.#places.forEach((place, index) => {
      if (!place || (this.#shown && !this.#shown.has(index))) return;
      placed.push({ index, ...toWorldPixels(place, zoom) });
    });
    this.#clusters = declutter(placed, squarePx(zoom));
    this.#clusteredZoom = zoom;
  }

  #drawIfVisible(pen: CanvasRenderingContext2D, cluster: Cluster, view: View): void {
    const [x, y] = [cluster.x - view.topLeft.x, cluster.y - view.topLeft.y];
    if (x < -20 || y < -20 || x > view.width + 20 || y > view.height + 20) return;
    if (cluster.members.length > 1) this.#drawTogether(pen, cluster, x, y);
    else this.#drawAlone(pen, cluster.members[0] ?? 0, x, y);
    if (cluster.members.includes(this.#chosen)) this.#drawChoice(pen, x, y);
  }

  #drawTogether(pen: CanvasRenderingContext2D, { members }: Cluster, x: number, y: number): void {
    const count = this.formatCount(members.length);
    drawCluster(pen, x, y, count, this.#levelCounts(members), members.length, this.#colours);
  }

  #drawAlone(pen: CanvasRenderingContext2D, index: number, x: number, y: number): void {
    const colour = this.venues[index]?.status.colour ?? "grey";
    drawVenue(pen, x, y, colour, venueCode(this.#codes[index]), this.#colours);
  }

  #drawChoice(pen: CanvasRenderingContext2D, x: number, y: number): void {
    pen.beginPath();
    pen.arc(x, y, 18, 0, 2 * Math.PI);
    pen.lineWidth = 3;
    pen.strokeStyle = this.#colours.text;
    pen.stroke();
  }

  /** How many members are at each of the four levels (the higher one where it lies between two). */
  #levelCounts(members: readonly number[]): number[] {
    const counts = [0, 0, 0, 0];
    for (const index of members) {
      const levels = levelsOf(venueCode(this.#codes[index]));
      if (levels) counts[levels[1] - 1] = (counts[levels[1] - 1] ?? 0) + 1;
    }
    return counts;
  }
}

function squarePx(zoom: number): number {
  const nearness = Math.min(Math.max((zoom - FAR_ZOOM) / (NEAR_ZOOM - FAR_ZOOM), 0), 1);
  return Math.round(FAR_SQUARE_PX + nearness * (NEAR_SQUARE_PX - FAR_SQUARE_PX));
}
