import { expect, test } from "vitest";
import { stepped } from "../src/page/stepper";

test("a step adds and takes, never below nothing", () => {
  expect([stepped("12", 10), stepped("12", -10), stepped("2", -10)]).toEqual(["22", "2", "0"]);
});

test("what is no number counts as nothing", () => {
  expect([stepped("", 1), stepped("many", 10)]).toEqual(["1", "10"]);
});
