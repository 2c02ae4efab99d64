/** Hexagons by canvas 2D, for browsers without WebGL2: the same picture, one path a colour. */
import { FRAME_MISSING, FRAME_SUPPRESSED } from "../wire/frames";
import type { HexagonGeometry } from "../wire/geometry";
import { pixelsPerHalfMetre, toWorldPixels } from "../wire/mercator";
import type { View } from "./canvas-overlay";
import { PATTERN_PERIOD_PX, type HexagonPainter } from "./painter";
import { cssColour, type HexagonPalette } from "./palette";

export function canvasPainter(canvas: HTMLCanvasElement, geometry: HexagonGeometry): HexagonPainter | null {
  const context = canvas.getContext("2d");
  return context ? new CanvasPainter(context, geometry) : null;
}

class CanvasPainter implements HexagonPainter {
  readonly kind = "canvas";
  #levels: Uint8Array;
  #palette: HexagonPalette | null = null;

  constructor(
    private readonly context: CanvasRenderingContext2D,
    private readonly geometry: HexagonGeometry,
  ) {
    this.#levels = new Uint8Array(geometry.count);
  }

  setLevels(levels: Uint8Array): void {
    this.#levels = levels;
  }

  setPalette(palette: HexagonPalette): void {
    this.#palette = palette;
  }

  paint(view: View): void {
    const { context } = this;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, context.canvas.width, context.canvas.height);
    if (!this.#palette) return;
    context.setTransform(view.pixelRatio, 0, 0, view.pixelRatio, 0, 0);
    for (const [fill, path] of this.#paths(view, this.#palette)) {
      context.fillStyle = this.#fillStyle(fill, view);
      context.fill(path);
    }
  }

  /** Fills are CSS colours, or the name of a pattern: many frame bytes share one of the four colours. */
  #paths(view: View, palette: HexagonPalette): Map<string, Path2D> {
    const paths = new Map<string, Path2D>();
    const scale = pixelsPerHalfMetre(view.zoom);
    const zero = toWorldPixels({ x: 0, y: 0 }, view.zoom);
    const [left, top] = [zero.x - view.topLeft.x, zero.y - view.topLeft.y];
    const { centres, corners, count } = this.geometry;
    const margin = 64;
    for (let index = 0; index < count; index += 1) {
      const x = left + (centres[index * 2] ?? 0) * scale;
      const y = top - (centres[index * 2 + 1] ?? 0) * scale;
      if (x < -margin || y < -margin || x > view.width + margin || y > view.height + margin) continue;
      const fill = fillOf(this.#levels[index] ?? 0, palette);
      let path = paths.get(fill);
      if (!path) paths.set(fill, (path = new Path2D()));
      addHexagon(path, corners, index, left, top, scale);
    }
    return paths;
  }

  #fillStyle(fill: string, view: View): string | CanvasPattern {
    if (fill !== "hatch" && fill !== "dots") return fill;
    const pattern = this.context.createPattern(this.#tile(fill, view.pixelRatio), "repeat");
    const scale = 1 / view.pixelRatio;
    pattern?.setTransform(new DOMMatrix([scale, 0, 0, scale, -(view.topLeft.x % 8), -(view.topLeft.y % 8)]));
    return pattern ?? "transparent";
  }

  #tile(fill: "hatch" | "dots", pixelRatio: number): HTMLCanvasElement {
    const tile = document.createElement("canvas");
    tile.width = tile.height = PATTERN_PERIOD_PX * pixelRatio;
    const pen = tile.getContext("2d");
    if (!pen || !this.#palette) return tile;
    pen.scale(pixelRatio, pixelRatio);
    pen.fillStyle = pen.strokeStyle = cssColour(
      this.#palette.colours,
      fill === "hatch" ? FRAME_MISSING : FRAME_SUPPRESSED,
    );
    if (fill === "dots") pen.arc(PATTERN_PERIOD_PX / 2, PATTERN_PERIOD_PX / 2, 1.4, 0, 2 * Math.PI);
    else for (const shift of [-8, 0, 8]) drawStripe(pen, shift);
    if (fill === "dots") pen.fill();
    else pen.stroke();
    return tile;
  }
}

function drawStripe(pen: CanvasRenderingContext2D, shift: number): void {
  pen.lineWidth = 1.1;
  pen.moveTo(shift - 2, PATTERN_PERIOD_PX + 2);
  pen.lineTo(shift + PATTERN_PERIOD_PX + 2, -2);
}

function fillOf(code: number, palette: HexagonPalette): string {
  if (code === FRAME_MISSING) return "hatch";
  return code === FRAME_SUPPRESSED ? "dots" : cssColour(palette.colours, code);
}

function addHexagon(path: Path2D, corners: Int32Array, index: number, left: number, top: number, scale: number): void {
  for (let corner = 0; corner < 6; corner += 1) {
    const at = index * 12 + corner * 2;
    const x = left + (corners[at] ?? 0) * scale;
    const y = top - (corners[at + 1] ?? 0) * scale;
    if (corner === 0) path.moveTo(x, y);
    else path.lineTo(x, y);
  }
  path.closePath();
}
