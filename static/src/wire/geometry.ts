/**
 * The geometry pack (OHX1): the outlines of all hexagons of an area, fetched once.
 *
 * Lengths are half-metres of web mercator (EPSG:3857), whole numbers, so that neighbours share the very same corners.
 */
import { VarintReader } from "./varint";

const CORNERS = 6;
const HEADER_BYTES = 12;
const TEMPLATE_BYTES = CORNERS * 2 * 4;

export interface HexagonGeometry {
  resolution: number;
  count: number;
  /** x, y of each centre: 2 numbers a hexagon. */
  centres: Int32Array;
  /** x, y of each corner: 12 numbers a hexagon, starting at the most northern. */
  corners: Int32Array;
}

export function unpackGeometry(buffer: ArrayBuffer): HexagonGeometry {
  const bytes = new Uint8Array(buffer);
  const view = new DataView(buffer);
  if (view.byteLength < HEADER_BYTES || String.fromCharCode(...bytes.subarray(0, 4)) !== "OHX1")
    throw new TypeError("this is not a geometry pack");
  const count = view.getUint32(8, true);
  const idsEnd = sectionEnd(view, HEADER_BYTES);
  const centresEnd = sectionEnd(view, idsEnd);
  const template = readTemplate(view, centresEnd);
  const centres = readCentres(new VarintReader(bytes, idsEnd + 4), count);
  const residuals = new VarintReader(bytes, centresEnd + TEMPLATE_BYTES + 4);
  return { resolution: view.getUint8(4), count, centres, corners: readCorners(residuals, centres, template) };
}

function sectionEnd(view: DataView, start: number): number {
  return start + 4 + view.getUint32(start, true);
}

function readTemplate(view: DataView, start: number): number[] {
  return Array.from({ length: CORNERS * 2 }, (_, index) => view.getInt32(start + index * 4, true));
}

function readCentres(deltas: VarintReader, count: number): Int32Array {
  const centres = new Int32Array(count * 2);
  let x = 0;
  let y = 0;
  for (let index = 0; index < count; index += 1) {
    x += deltas.signed();
    y += deltas.signed();
    centres[index * 2] = x;
    centres[index * 2 + 1] = y;
  }
  return centres;
}

function readCorners(residuals: VarintReader, centres: Int32Array, template: readonly number[]): Int32Array {
  const corners = new Int32Array(centres.length * CORNERS);
  for (let at = 0; at < corners.length; at += 1) {
    const hexagon = Math.floor(at / (CORNERS * 2));
    const centre = centres[hexagon * 2 + (at % 2)] ?? 0;
    corners[at] = centre + (template[at % (CORNERS * 2)] ?? 0) + residuals.signed();
  }
  return corners;
}

/** Which hexagon holds a point (half-metres of web mercator), or -1. */
export function hexagonAt(geometry: HexagonGeometry, x: number, y: number): number {
  const reach = geometry.count > 0 ? radius(geometry, 0) * 1.2 : 0;
  for (let index = 0; index < geometry.count; index += 1) {
    const nearX = Math.abs((geometry.centres[index * 2] ?? 0) - x) <= reach;
    if (nearX && Math.abs((geometry.centres[index * 2 + 1] ?? 0) - y) <= reach && holds(geometry, index, x, y))
      return index;
  }
  return -1;
}

function radius(geometry: HexagonGeometry, index: number): number {
  const [x, y] = [geometry.centres[index * 2] ?? 0, geometry.centres[index * 2 + 1] ?? 0];
  return Math.max(...cornersOf(geometry, index).map(([cornerX, cornerY]) => Math.hypot(cornerX - x, cornerY - y)));
}

/** The six corners of one hexagon. */
export function cornersOf(geometry: HexagonGeometry, index: number): [number, number][] {
  const from = index * CORNERS * 2;
  return Array.from({ length: CORNERS }, (_, corner) => [
    geometry.corners[from + corner * 2] ?? 0,
    geometry.corners[from + corner * 2 + 1] ?? 0,
  ]);
}

function holds(geometry: HexagonGeometry, index: number, x: number, y: number): boolean {
  const corners = cornersOf(geometry, index);
  let inside = false;
  corners.forEach(([x1, y1], corner) => {
    const [x0, y0] = corners[(corner + CORNERS - 1) % CORNERS] as [number, number];
    if (y0 > y !== y1 > y && x < x0 + ((y - y0) / (y1 - y0)) * (x1 - x0)) inside = !inside;
  });
  return inside;
}
