import { expect, test } from "vitest";
import { Timeline } from "../src/time/timeline";
import { declutter, nearestCluster } from "../src/venues/declutter";
import type { Manifest } from "../src/wire/api";
import { toDegrees, toHalfMetres, toWorldPixels } from "../src/wire/mercator";

test("venues with room between them are drawn one by one", () => {
  const clusters = declutter(
    [
      { index: 0, x: 5, y: 5 },
      { index: 1, x: 45, y: 45 },
    ],
    50,
  );
  expect(clusters.map(({ members }) => members)).toEqual([[0], [1]]);
});

test("venues on top of each other become one count, and none is lost", () => {
  const placed = Array.from({ length: 9 }, (_, index) => ({ index, x: 10 + index, y: 10 }));
  const [cluster, ...rest] = declutter(placed, 50);
  expect(rest).toEqual([]);
  expect(cluster?.members.length).toBe(9);
  expect(cluster?.x).toBe(14);
});

test("the nearest within reach is picked, and nothing beyond it", () => {
  const clusters = [
    { x: 0, y: 0, members: [0] },
    { x: 30, y: 0, members: [1] },
  ];
  expect(nearestCluster(clusters, { x: 20, y: 0 }, 22)?.members).toEqual([1]);
  expect(nearestCluster(clusters, { x: 15, y: 60 }, 22)).toBeUndefined();
});

test("mercator goes there and back", () => {
  const { x, y } = toHalfMetres(76.93, 43.24);
  const { longitude, latitude } = toDegrees(x, y);
  expect(longitude).toBeCloseTo(76.93, 9);
  expect(latitude).toBeCloseTo(43.24, 9);
  expect(toWorldPixels({ x: 0, y: 0 }, 3)).toEqual({ x: 1024, y: 1024 });
});

test("a timeline with nothing loaded shows no moment", () => {
  const manifest = { bins: [{ start: "2026-11-20T15:00:00Z", end: "2026-11-20T15:15:00Z", frame: "f", venues: null }] };
  const timeline = new Timeline(manifest as unknown as Manifest);
  timeline.move(-5);
  expect(timeline.wanted).toBe(0);
  expect(timeline.moment).toBeNull();
});
