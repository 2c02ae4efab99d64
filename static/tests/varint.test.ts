import { expect, test } from "vitest";
import { VarintReader } from "../src/wire/varint";

test("unsigned varints are read one after the other", () => {
  const reader = new VarintReader(Uint8Array.of(0, 127, 0x80, 1, 0xff, 0xff, 0x03));
  expect([reader.unsigned(), reader.unsigned(), reader.unsigned(), reader.unsigned()]).toEqual([0, 127, 128, 65535]);
  expect(reader.offset).toBe(7);
});

test("a varint above 32 bits stays exact", () => {
  const bytes = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f);
  expect(new VarintReader(bytes).unsigned()).toBe(2 ** 53 - 1);
});

test("zigzag alternates around zero", () => {
  const reader = new VarintReader(Uint8Array.of(0, 1, 2, 3, 4));
  expect([0, 1, 2, 3, 4].map(() => reader.signed() + 0)).toEqual([0, -1, 1, -2, 2]);
});

test("a varint that runs past the end is refused", () => {
  expect(() => new VarintReader(Uint8Array.of(0x80)).unsigned()).toThrow(RangeError);
});
