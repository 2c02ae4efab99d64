/** The venues on the map: one canvas for all, so that two thousand of them cost no elements. */
import * as L from "leaflet";
import { CanvasOverlay, type View } from "../overlay/canvas-overlay";
import type { Venue } from "../wire/api";
import { crowdingOrder, venueCode, type VenueCode } from "../wire/frames";
import { toHalfMetres, toWorldPixels, type Point } from "../wire/mercator";
import { declutter, nearestCluster, type Cluster, type Placed } from "./declutter";
import { drawCluster, drawVenue, markerColours, type MarkerColours } from "./marker-shapes";

const SQUARE_PX = 52;
/** Half a touch target. */
const REACH_PX = 22;

export class VenueLayer extends CanvasOverlay {
  readonly #places: Point[];
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
    this.#places = venues.map(({ longitude, latitude }) => toHalfMetres(longitude, latitude));
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
      if (this.#shown === null || this.#shown.has(index)) placed.push({ index, ...toWorldPixels(place, zoom) });
    });
    this.#clusters = declutter(placed, SQUARE_PX);
    this.#clusteredZoom = zoom;
  }

  #drawIfVisible(pen: CanvasRenderingContext2D, cluster: Cluster, view: View): void {
    const [x, y] = [cluster.x - view.topLeft.x, cluster.y - view.topLeft.y];
    if (x < -20 || y < -20 || x > view.width + 20 || y > view.height + 20) return;
    const [first = 0] = cluster.members;
    if (cluster.members.length > 1)
      drawCluster(pen, x, y, this.formatCount(cluster.members.length), this.#fullest(cluster.members), this.#colours);
    else
      drawVenue(pen, x, y, this.venues[first]?.status.colour ?? "grey", venueCode(this.#codes[first]), this.#colours);
    if (cluster.members.includes(this.#chosen)) this.#drawChoice(pen, x, y);
  }

  #drawChoice(pen: CanvasRenderingContext2D, x: number, y: number): void {
    pen.beginPath();
    pen.arc(x, y, 18, 0, 2 * Math.PI);
    pen.lineWidth = 3;
    pen.strokeStyle = this.#colours.text;
    pen.stroke();
  }

  #fullest(members: readonly number[]): VenueCode {
    const codes = members.map((index) => venueCode(this.#codes[index]));
    return codes.reduce((best, code) => (crowdingOrder(code) < crowdingOrder(best) ? code : best));
  }
}
