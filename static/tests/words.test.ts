import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ageClass, ageMinutes, ageWords, clock } from "../src/age";
import { Words } from "../src/client";
import { answerWords, tally, usualStep } from "../src/map/summary";
import { distanceM } from "../src/venues/distance";
import { stepsOfCodes } from "../src/wire/frames";

const RUSSIAN = new Words("ru", {
  "age.now": "только что",
  "age.minutes.one": "{n} минуту назад",
  "age.minutes.few": "{n} минуты назад",
  "age.minutes.many": "{n} минут назад",
  "age.minutes.other": "{n} минуты назад",
});

test("plural forms follow the language", () => {
  expect(ageWords(1, RUSSIAN)).toBe("1 минуту назад");
  expect(ageWords(22, RUSSIAN)).toBe("22 минуты назад");
  expect(ageWords(12, RUSSIAN)).toBe("12 минут назад");
  expect(ageWords(0, RUSSIAN)).toBe("только что");
});

test("a missing key shows itself", () => {
  expect(RUSSIAN.say("no.such.key")).toBe("no.such.key");
});

test("a value that looks like a placeholder is not filled again", () => {
  expect(new Words("en", { a: "{x} and {y}" }).say("a", { x: "{y}", y: "z" })).toBe("{y} and z");
});

test("the clock is the place's, not the reader's", () => {
  expect(clock(new Date("2026-11-20T15:45:00Z"), "Asia/Almaty")).toBe("20:45");
  expect(clock(new Date("2026-11-20T19:00:00Z"), "Asia/Almaty")).toBe("00:00");
});

test("an age exactly at the limit is still fresh", () => {
  expect([ageClass(45, 45, 180), ageClass(46, 45, 180), ageClass(181, 45, 180)]).toEqual(["fresh", "stale", "old"]);
});

test("a clock that runs ahead makes no negative age", () => {
  expect(ageMinutes(new Date("2026-11-20T15:46:00Z"), new Date("2026-11-20T15:45:00Z"))).toBe(0);
});

test("the answer counts the busy, the told and the untold", () => {
  const codes = Uint8Array.of(3, 6, 8, 9, 1, 2, 0);
  const counted = tally(codes, [0, 1, 2, 3, 4, 5, 6]);
  expect(counted).toEqual({ told: 4, crowded: 3, untold: 2 }); // from "half to busy" on, it may be busy
  expect(answerWords({ told: 0, crowded: 0, untold: 0 }, new Words("en", { "answer.none": "nothing" }))).toBe(
    "nothing",
  );
});

test("a degree of latitude is 111 km", () => {
  const metres = distanceM({ longitude: 76.9, latitude: 43 }, { longitude: 76.9, latitude: 44 });
  expect(Math.round(metres / 1000)).toBe(111);
});

test("dark by preference and dark by hand are the same", () => {
  const css = readFileSync(new URL("../src/styles/tokens.css", import.meta.url), "utf-8");
  const block = (selector: string): string[] =>
    (css.split(`${selector} {`)[1]?.split("}")[0] ?? "")
      .split("\n")
      .map((line) => line.trim())
      .filter(Boolean);
  expect(block(":root:not([data-theme])").length).toBeGreaterThan(30);
  expect(block(":root:not([data-theme])")).toEqual(block(':root[data-theme="dark"]'));
});

test("the ground says what most of its hexagons say, and nothing where none of them tells", () => {
  const steps = stepsOfCodes(
    Array.from({ length: 64 }, (_, step) => step),
    [10, 20, 30],
  );
  const levels = Uint8Array.of(0, 1, 2, 25, 26, 50);
  expect(usualStep(levels, steps, [0, 1, 2, 3, 4, 5])).toBe(3);
  expect(usualStep(levels, steps, [0, 1])).toBeNull();
});
