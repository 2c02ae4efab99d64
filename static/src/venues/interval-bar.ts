/** The interval drawn: a bar from low to high, a mark for the best guess, a line for the permitted number. */
import type { Words } from "../client";
import { svg } from "./svg";

interface Interval {
  low?: number | null;
  best?: number | null;
  high?: number | null;
  limit?: number | null;
}

/** Null for who may not see numbers. */
export function intervalBar({ low, best, high, limit }: Interval, words: Words): SVGElement | null {
  if (low === null || low === undefined || high === null || high === undefined) return null;
  const width = Math.max(high, limit ?? 0, 1);
  const drawn = svg("svg", {
    class: "interval",
    viewBox: `0 0 ${width} 12`,
    preserveAspectRatio: "none",
    role: "img",
  });
  drawn.setAttribute("aria-label", words.say("card.interval", { low: words.number(low), high: words.number(high) }));
  drawn.append(
    svg("rect", { class: "interval__track", x: 0, y: 4, width, height: 4 }),
    svg("rect", { class: "interval__range", x: low, y: 2, width: Math.max(high - low, width / 200), height: 8 }),
  );
  if (best !== null && best !== undefined) drawn.append(mark("interval__best", best));
  if (limit !== null && limit !== undefined) drawn.append(mark("interval__limit", limit));
  return drawn;
}

function mark(className: string, x: number): SVGElement {
  return svg("line", { class: className, x1: x, x2: x, y1: 0, y2: 12, "vector-effect": "non-scaling-stroke" });
}
