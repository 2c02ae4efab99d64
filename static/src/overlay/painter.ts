import type { View } from "./canvas-overlay";
import type { HexagonPalette } from "./palette";

/** Period of hatching and dots, CSS pixels. */
export const PATTERN_PERIOD_PX = 8;

/** Paints hexagons onto a canvas; one with WebGL2, one with canvas 2D. */
export interface HexagonPainter {
  readonly kind: "webgl2" | "canvas";
  setLevels(levels: Uint8Array): void;
  setPalette(palette: HexagonPalette): void;
  paint(view: View): void;
}
