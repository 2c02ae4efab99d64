/** What a tapped hexagon says: its step in words, its range when the interval has come, no data, or hidden. */
import * as L from "leaflet";
import type { Words } from "../client";
import { make } from "../dom";
import { fetchBytes, type Manifest } from "../wire/api";
import { densityOfCode, FRAME_MISSING, FRAME_SUPPRESSED, stepsOfCodes } from "../wire/frames";
import { cornersOf, type HexagonGeometry } from "../wire/geometry";
import { toDegrees } from "../wire/mercator";
import type { Moment } from "../time/timeline";
import { usualPart } from "../venues/usual-week";

const intervals = new Map<string, Promise<Uint8Array>>();

/** The panel of one hexagon; its range appears when the interval has come (signed-in groups only). */
export function hexagonPanel(index: number, moment: Moment, manifest: Manifest, words: Words): HTMLElement {
  const code = moment.levels?.[index] ?? FRAME_MISSING;
  const step = stepsOfCodes(manifest.density.codes, manifest.density.steps)[code] ?? 0;
  const range = make("p", { class: "hexagon-info__range" });
  void sayInterval(range, index, moment, manifest, words);
  return make(
    "section",
    { class: "card hexagon-info" },
    make("h2", { class: "hexagon-info__title", tabindex: -1 }, words.say("hexagon.title")),
    make("p", {}, make("span", { class: `density density--${stepName(code, step)}` }, stepWords(code, step, words))),
    make("p", {}, meaning(code, step, manifest, words)),
    range,
    make("p", { class: "hint" }, words.say("hexagon.note")),
    manifest.area ? usualPart(`${manifest.area.url}/usual/${index}`, words) : null,
  );
}

function stepName(code: number, step: number): string {
  if (code === FRAME_MISSING) return "missing";
  return code === FRAME_SUPPRESSED ? "suppressed" : `step-${step}`;
}

function stepWords(code: number, step: number, words: Words): string {
  return words.say(`density.${stepName(code, step)}`);
}

function meaning(code: number, step: number, manifest: Manifest, words: Words): string {
  if (code === FRAME_MISSING) return words.say("hexagon.missing");
  if (code === FRAME_SUPPRESSED) return words.say("hexagon.suppressed");
  return stepRange(step, manifest.density.steps, words);
}

/** "under 500", "500 to 2,000", "2,000 and more" people per km². */
export function stepRange(step: number, edges: readonly number[], words: Words): string {
  const [low, high] = [edges[step - 2], edges[step - 1]];
  if (low === undefined) return words.say("hexagon.under", { high: words.number(high ?? 0) });
  if (high === undefined) return words.say("hexagon.over", { low: words.number(low) });
  return words.say("hexagon.range", { low: words.number(low), high: words.number(high) });
}

async function sayInterval(
  element: HTMLElement,
  index: number,
  moment: Moment,
  manifest: Manifest,
  words: Words,
): Promise<void> {
  const { interval } = moment.bin;
  if (!interval) return;
  try {
    const bytes = await intervalOf(interval);
    const hexagons = bytes.length / 2;
    const low = densityOfCode(bytes[index] ?? 0, manifest.density.codes);
    const high = densityOfCode(bytes[hexagons + index] ?? 0, manifest.density.codes);
    if (low === null || high === null) return;
    element.textContent = words.say("hexagon.interval", { low: round(low, words), high: round(high, words) });
  } catch {
    element.textContent = words.say("hexagon.interval_failed");
  }
}

function intervalOf(url: string): Promise<Uint8Array> {
  let asked = intervals.get(url);
  if (!asked) {
    asked = fetchBytes(url);
    asked.catch(() => intervals.delete(url));
    intervals.set(url, asked);
  }
  return asked;
}

function round(density: number, words: Words): string {
  return words.number(Number(density.toPrecision(2)));
}

/** The outline around the chosen hexagon. */
export function outlineOf(geometry: HexagonGeometry, index: number): L.Polygon {
  const corners = cornersOf(geometry, index).map(([x, y]): L.LatLngTuple => {
    const { longitude, latitude } = toDegrees(x, y);
    return [latitude, longitude];
  });
  return L.polygon(corners, { pane: "choice", interactive: false, className: "hexagon-choice" });
}
