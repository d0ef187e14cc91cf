import assert from "node:assert/strict";
import { test } from "node:test";
import { age, duration, logTime, until, utc } from "../src/time.ts";

test("ages", () => {
  const cases: [number, string][] = [[-5, "just now"], [0, "just now"], [4.9, "just now"], [5, "5 s ago"], [59.9, "59 s ago"], [60, "1 min ago"], [3599, "59 min ago"], [3600, "1 h ago"], [86399, "23 h ago"], [86400, "1 day ago"], [172800, "2 days ago"], [86400 * 400, "400 days ago"]];
  for (const [seconds, words] of cases) assert.equal(age(1000, 1000 + seconds), words);
});

test("until", () => {
  assert.equal(until(1000, 1000), "now");
  assert.equal(until(1000, 2000), "now");
  assert.equal(until(1030, 1000), "in 30 s");
  assert.equal(until(1000 + 7 * 86400 - 60, 1000), "in 7 days");
  assert.equal(until(1000 + 6.4 * 86400, 1000), "in 6 days");
  assert.equal(until(1000 + 3599, 1000), "in 1 h");
  assert.equal(until(1000 + 7199, 1000), "in 2 h");
  assert.equal(until(1000 + 599, 1000), "in 10 min");
  assert.equal(until(1000 + 86400 - 1, 1000), "in 1 day");
});

test("durations", () => {
  const cases: [number, string][] = [[0, "0 s"], [-1, "0 s"], [NaN, "0 s"], [0.25, "0.3 s"], [2, "2 s"], [9.94, "9.9 s"], [9.96, "10 s"], [59.4, "59 s"], [59.6, "1 min"], [125, "2 min 5 s"], [3600, "1 h"], [3840, "1 h 4 min"], [86400, "1 day"], [2 * 86400 + 3 * 3600, "2 days 3 h"]];
  for (const [seconds, words] of cases) assert.equal(duration(seconds), words, String(seconds));
});

test("the time in a log", () => {
  assert.equal(logTime(0), "0:00.000");
  assert.equal(logTime(7250), "0:07.250");
  assert.equal(logTime(754000), "12:34.000");
  assert.equal(logTime(3723004), "1:02:03.004");
});

test("universal time", () => {
  assert.equal(utc(0), "1970-01-01 00:00:00 UTC");
});
