/** Which venues are drawn one by one and which together: whatever shares a square of the screen becomes one count. */
import type { Point } from "../wire/mercator";

export interface Placed {
  /** Index of the venue in the venue list. */
  index: number;
  x: number;
  y: number;
}

export interface Cluster {
  x: number;
  y: number;
  members: number[];
}

/** Squares are laid on world pixels, so that dragging the map does not regroup anything. */
export function declutter(placed: readonly Placed[], squarePx: number): Cluster[] {
  const squares = new Map<string, Placed[]>();
  for (const one of placed) {
    const key = `${Math.floor(one.x / squarePx)},${Math.floor(one.y / squarePx)}`;
    const square = squares.get(key);
    if (square) square.push(one);
    else squares.set(key, [one]);
  }
  return [...squares.values()].flatMap((square) =>
    tooClose(square, squarePx) ? [together(square)] : square.map(alone),
  );
}

function alone(one: Placed): Cluster {
  return { x: one.x, y: one.y, members: [one.index] };
}

function together(square: readonly Placed[]): Cluster {
  const centre = square.reduce<Point>((sum, { x, y }) => ({ x: sum.x + x, y: sum.y + y }), { x: 0, y: 0 });
  return { x: centre.x / square.length, y: centre.y / square.length, members: square.map(({ index }) => index) };
}

/** Up to three venues stay apart when there is a marker's width between them. */
function tooClose(square: readonly Placed[], squarePx: number): boolean {
  if (square.length > 3) return true;
  return square.some((one, at) =>
    square.slice(at + 1).some((other) => Math.hypot(one.x - other.x, one.y - other.y) < squarePx / 2),
  );
}

/** The cluster nearest to a point within reach, or undefined. */
export function nearestCluster(clusters: readonly Cluster[], at: Point, reachPx: number): Cluster | undefined {
  let best: Cluster | undefined;
  let bestDistance = reachPx;
  for (const cluster of clusters) {
    const distance = Math.hypot(cluster.x - at.x, cluster.y - at.y);
    if (distance <= bestDistance) [best, bestDistance] = [cluster, distance];
  }
  return best;
}
