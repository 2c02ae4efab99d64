/**
 * A canvas that covers the map and stays in place while the map is dragged, zoomed and pinched.
 *
 * The subclass paints; this class decides where the canvas lies and when it must be painted anew.
 */
import * as L from "leaflet";
import { oncePerFrame } from "../dom";
import type { Point } from "../wire/mercator";

/** How much more than the visible map is painted on each side, so that a drag does not show an edge. */
const PADDING_SHARE = 0.15;
/** More pixels than this cannot be told apart and cost four times as much. */
const MAX_PIXEL_RATIO = 2;

export interface View {
  zoom: number;
  /** World pixels (double precision) of the canvas' north-western corner. */
  topLeft: Point;
  /** CSS pixels. */
  width: number;
  height: number;
  pixelRatio: number;
}

export abstract class CanvasOverlay extends L.Layer {
  readonly canvas = document.createElement("canvas");
  protected view: View | null = null;
  #map: L.Map | null = null;
  readonly #repaintSoon = oncePerFrame(() => this.reset());

  constructor(private readonly paneName: string) {
    super();
  }

  protected abstract paint(view: View): void;

  override onAdd(map: L.Map): this {
    this.#map = map;
    this.canvas.setAttribute("aria-hidden", "true");
    this.canvas.classList.add("canvas-overlay", "leaflet-zoom-animated");
    map.getPane(this.paneName)?.append(this.canvas);
    this.reset();
    return this;
  }

  override onRemove(): this {
    this.canvas.remove();
    this.#map = null;
    return this;
  }

  override getEvents(): Record<string, L.LeafletEventHandlerFn> {
    return {
      moveend: () => this.reset(),
      resize: () => this.reset(),
      move: () => this.#whileMoving(),
      zoom: () => this.#followPinch(),
      zoomanim: (event) => this.#animate(event as L.ZoomAnimEvent),
    };
  }

  /** Paints in the next animation frame; for changes of the data, not of the place. */
  repaint(): void {
    this.#repaintSoon();
  }

  protected reset(): void {
    const map = this.#map;
    if (!map) return;
    this.view = this.#measure(map);
    this.paint(this.view);
  }

  #measure(map: L.Map): View {
    const size = map.getSize();
    const padding = size.multiplyBy(PADDING_SHARE).round();
    const layerPoint = map.containerPointToLayerPoint(padding.multiplyBy(-1));
    L.DomUtil.setTransform(this.canvas, layerPoint, 1);
    const pixelRatio = Math.min(window.devicePixelRatio || 1, MAX_PIXEL_RATIO);
    const [width, height] = [size.x + 2 * padding.x, size.y + 2 * padding.y];
    this.#resize(width, height, pixelRatio);
    const topLeft = layerPoint.add(map.getPixelOrigin());
    return { zoom: map.getZoom(), topLeft: { x: topLeft.x, y: topLeft.y }, width, height, pixelRatio };
  }

  #resize(width: number, height: number, pixelRatio: number): void {
    const [pixelsWide, pixelsHigh] = [Math.round(width * pixelRatio), Math.round(height * pixelRatio)];
    if (this.canvas.width === pixelsWide && this.canvas.height === pixelsHigh) return;
    this.canvas.width = pixelsWide;
    this.canvas.height = pixelsHigh;
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
  }

  #whileMoving(): void {
    if (this.#map && this.view && this.#map.getZoom() === this.view.zoom) this.#repaintSoon();
  }

  #followPinch(): void {
    if (this.#map) this.#place(this.#map.getCenter(), this.#map.getZoom());
  }

  #animate(event: L.ZoomAnimEvent): void {
    this.#place(event.center, event.zoom);
  }

  /** Scales the picture as it was painted to where it will lie at another centre and zoom. */
  #place(centre: L.LatLng, zoom: number): void {
    const map = this.#map;
    if (!map || !this.view) return;
    const scale = map.getZoomScale(zoom, this.view.zoom);
    const topLeft = L.point(this.view.topLeft.x, this.view.topLeft.y).multiplyBy(scale);
    const origin = map.project(centre, zoom).subtract(map.getSize().divideBy(2));
    const panePosition = L.DomUtil.getPosition(map.getPane("mapPane") as HTMLElement);
    L.DomUtil.setTransform(this.canvas, topLeft.subtract(origin).subtract(panePosition), scale);
  }
}
