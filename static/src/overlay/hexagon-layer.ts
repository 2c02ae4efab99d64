/** The layer of hexagons: WebGL2 where there is one, else canvas 2D. */
import type { HexagonGeometry } from "../wire/geometry";
import { CanvasOverlay, type View } from "./canvas-overlay";
import { canvasPainter } from "./canvas-painter";
import type { HexagonPainter } from "./painter";
import type { HexagonPalette } from "./palette";
import { webglPainter } from "./webgl-painter";

export class HexagonLayer extends CanvasOverlay {
  #painter: HexagonPainter | null;
  #levels: Uint8Array | null = null;
  #palette: HexagonPalette | null = null;

  constructor(private readonly geometry: HexagonGeometry) {
    super("hexagons");
    this.#painter = webglPainter(this.canvas, geometry) ?? canvasPainter(this.canvas, geometry);
    this.canvas.dataset["painter"] = this.#painter?.kind ?? "none";
    // A phone takes the graphics context away from pages in the background.
    this.canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    this.canvas.addEventListener("webglcontextrestored", () => this.#startAgain());
  }

  get paints(): boolean {
    return this.#painter !== null;
  }

  setLevels(levels: Uint8Array): void {
    this.#levels = levels;
    this.#painter?.setLevels(levels);
    this.repaint();
  }

  setPalette(palette: HexagonPalette): void {
    this.#palette = palette;
    this.#painter?.setPalette(palette);
    this.repaint();
  }

  protected override paint(view: View): void {
    this.#painter?.paint(view);
  }

  #startAgain(): void {
    this.#painter = webglPainter(this.canvas, this.geometry);
    if (this.#palette) this.setPalette(this.#palette);
    if (this.#levels) this.setLevels(this.#levels);
  }
}
