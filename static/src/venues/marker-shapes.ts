/** Draws the signs of venues: shape and colour say the status, the ring around it the crowding. */
import { token } from "../overlay/palette";
import type { StatusColour } from "../wire/api";
import { levelsOf, type VenueCode } from "../wire/frames";

export interface MarkerColours {
  status: Record<StatusColour, string>;
  levels: string[];
  surface: string;
  text: string;
  muted: string;
  ring: string;
}

export function markerColours(): MarkerColours {
  const status = (colour: StatusColour): string => token(`--status-${colour}`);
  return {
    status: { green: status("green"), yellow: status("yellow"), red: status("red"), grey: status("grey") },
    levels: [1, 2, 3, 4].map((level) => token(`--crowding-${level}`)),
    surface: token("--surface"),
    text: token("--text"),
    muted: token("--text-muted"),
    ring: token("--ring-track"),
  };
}

const RING_RADIUS_PX = 11;
const TOP = -Math.PI / 2;

export function drawVenue(
  pen: CanvasRenderingContext2D,
  x: number,
  y: number,
  colour: StatusColour,
  code: VenueCode,
  colours: MarkerColours,
): void {
  drawDisc(pen, x, y, RING_RADIUS_PX + 2.5, colours.surface);
  drawRing(pen, x, y, RING_RADIUS_PX, code, colours);
  drawStatus(pen, x, y, colour, colours);
}

/** A count, in a ring that is divided as its venues are: fullest first, the rest of the ring is what cannot be told. */
export function drawCluster(
  pen: CanvasRenderingContext2D,
  x: number,
  y: number,
  count: string,
  levelCounts: readonly number[],
  total: number,
  colours: MarkerColours,
): void {
  const radius = 11 + count.length * 2;
  drawDisc(pen, x, y, radius + 3, colours.surface);
  stroke(pen, x, y, radius, [0, 1], colours.ring, 1, []);
  let from = 0;
  for (const level of [4, 3, 2, 1]) {
    const to = from + (levelCounts[level - 1] ?? 0) / total;
    if (to > from) stroke(pen, x, y, radius, [from, to], colours.levels[level - 1] ?? colours.muted, 4, []);
    from = to;
  }
  pen.fillStyle = colours.text;
  pen.fillText(count, x, y + 0.5);
}

function drawDisc(pen: CanvasRenderingContext2D, x: number, y: number, radius: number, fill: string): void {
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
  pen.fillStyle = fill;
  pen.fill();
}

/** A quarter of the ring a level; thin where it lies between two; dotted for "cannot tell", nothing when closed. */
function drawRing(
  pen: CanvasRenderingContext2D,
  x: number,
  y: number,
  radius: number,
  code: VenueCode,
  colours: MarkerColours,
): void {
  if (code === "closed") return;
  const levels = levelsOf(code);
  if (!levels) {
    stroke(pen, x, y, radius, [0, 1], colours.muted, 1.5, code === "area-only" ? [1.5, 3] : [5, 4]);
    return;
  }
  const [low, high] = levels;
  stroke(pen, x, y, radius, [0, 1], colours.ring, 1, []);
  stroke(pen, x, y, radius, [0, low / 4], colours.levels[low - 1] ?? colours.muted, 4, []);
  if (high > low) stroke(pen, x, y, radius, [low / 4, high / 4], colours.levels[high - 1] ?? colours.muted, 2, []);
}

function stroke(
  pen: CanvasRenderingContext2D,
  x: number,
  y: number,
  radius: number,
  [from, to]: readonly [number, number],
  colour: string,
  width: number,
  dashes: number[],
): void {
  pen.beginPath();
  pen.arc(x, y, radius, TOP + from * 2 * Math.PI, TOP + to * 2 * Math.PI);
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.setLineDash(dashes);
  pen.stroke();
  pen.setLineDash([]);
}

function drawStatus(
  pen: CanvasRenderingContext2D,
  x: number,
  y: number,
  colour: StatusColour,
  colours: MarkerColours,
): void {
  pen.beginPath();
  STATUS_SHAPES[colour](pen, x, y);
  if (colour === "grey") {
    pen.setLineDash([2, 2]);
    pen.lineWidth = 2;
    pen.strokeStyle = colours.status.grey;
    pen.stroke();
    pen.setLineDash([]);
    return;
  }
  pen.fillStyle = colours.status[colour];
  pen.fill();
}

const STATUS_SHAPES: Record<StatusColour, (pen: CanvasRenderingContext2D, x: number, y: number) => void> = {
  green: (pen, x, y) => pen.arc(x, y, 5.5, 0, 2 * Math.PI),
  yellow: (pen, x, y) => polygon(pen, x, y + 1, 7, 3, TOP),
  red: (pen, x, y) => polygon(pen, x, y, 6.5, 8, Math.PI / 8),
  grey: (pen, x, y) => pen.arc(x, y, 4.5, 0, 2 * Math.PI),
};

function polygon(
  pen: CanvasRenderingContext2D,
  x: number,
  y: number,
  radius: number,
  corners: number,
  turn: number,
): void {
  for (let corner = 0; corner < corners; corner += 1) {
    const angle = turn + (corner * 2 * Math.PI) / corners;
    pen.lineTo(x + radius * Math.cos(angle), y + radius * Math.sin(angle));
  }
  pen.closePath();
}
