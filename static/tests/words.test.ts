import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ageClass, ageMinutes, ageWords, clock, spanClock } from "../src/age";
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

const ANSWERS = new Words("en", {
  "answer.none": "nothing here",
  "answer.unknown.other": "nothing known of {n}",
  "answer.open.other": "{open} of {n} open.",
  "answer.crowded": "Busy",
  "answer.roomy": "Room",
  "answer.untold": "Cannot tell",
  "answer.no_data": "No data",
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
  expect(counted).toEqual({ all: 7, crowded: 3, roomy: 1, untold: 1, unknown: 1 }); // from "half to busy" on, it may be
});

test("the answer says of how many venues the open ones are, and its parts add up to them", () => {
  const said = (codes: number[]): string => answerWords(tally(Uint8Array.from(codes), [...codes.keys()]), ANSWERS);
  expect(said([3, 6, 1, 2, 2])).toBe("3 of 5 open. Busy: 1. Room: 1. Cannot tell: 1.");
  expect(said([2, 2])).toBe("0 of 2 open."); // the same place at night
  expect(said([1, 0])).toBe("1 of 2 open. Cannot tell: 1. No data: 1.");
  expect([said([0, 0]), said([])]).toEqual(["nothing known of 2", "nothing here"]);
});

test("an hour is called by both its ends, a quarter by its end", () => {
  const [start, end] = [new Date("2026-11-20T15:00:00Z"), new Date("2026-11-20T16:00:00Z")];
  expect(spanClock(start, end, "Asia/Almaty")).toBe("20:00–21:00");
  expect(spanClock(new Date("2026-11-20T15:45:00Z"), end, "Asia/Almaty")).toBe("21:00");
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
