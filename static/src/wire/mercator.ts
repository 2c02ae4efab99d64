/** Web mercator (EPSG:3857) in half-metres, the unit of the geometry pack. Double precision throughout. */
const RADIUS_M = 6_378_137;
const HALF_METRES_AROUND = 2 * Math.PI * RADIUS_M * 2;
const TILE_PX = 256;

export interface Point {
  x: number;
  y: number;
}

export function toHalfMetres(longitude: number, latitude: number): Point {
  const y = Math.log(Math.tan(Math.PI / 4 + (latitude * Math.PI) / 360));
  return { x: ((longitude * Math.PI) / 180) * RADIUS_M * 2, y: y * RADIUS_M * 2 };
}

export function toDegrees(x: number, y: number): { longitude: number; latitude: number } {
  const latitude = (2 * Math.atan(Math.exp(y / (RADIUS_M * 2))) - Math.PI / 2) * (180 / Math.PI);
  return { longitude: ((x / (RADIUS_M * 2)) * 180) / Math.PI, latitude };
}

/** World pixels for one half-metre at a zoom, which may lie between two whole ones. */
export function pixelsPerHalfMetre(zoom: number): number {
  return (TILE_PX * 2 ** zoom) / HALF_METRES_AROUND;
}

/** World pixels (origin in the north-west) of a point in half-metres. */
export function toWorldPixels(point: Point, zoom: number): Point {
  const scale = pixelsPerHalfMetre(zoom);
  const half = (TILE_PX * 2 ** zoom) / 2;
  return { x: half + point.x * scale, y: half - point.y * scale };
}
