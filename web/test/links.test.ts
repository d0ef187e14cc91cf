import assert from "node:assert/strict";
import { test } from "node:test";
import { lineLink, parseLineLink } from "../src/log/links.ts";

test("one line and a range; people count from 1", () => {
  assert.deepEqual(parseLineLink("#L10"), { first: 9, last: 9 });
  assert.deepEqual(parseLineLink("#L10-L20"), { first: 9, last: 19 });
  assert.deepEqual(parseLineLink("#L10-20"), { first: 9, last: 19 });
  assert.deepEqual(parseLineLink("#l3"), { first: 2, last: 2 });
});

test("a range the wrong way round is turned", () => {
  assert.deepEqual(parseLineLink("#L20-L10"), { first: 9, last: 19 });
});

test("what is no line link is none", () => {
  for (const hash of ["", "#", "#L", "#L0", "#L-3", "#Lx", "#approve", "#L1-", "#L1-Lx", "#L12345678901", "#L1.5"]) assert.equal(parseLineLink(hash), null, hash);
});

test("written and read again", () => {
  for (const range of [
    { first: 0, last: 0 },
    { first: 4, last: 999999 },
  ]) assert.deepEqual(parseLineLink(lineLink(range)), range);
});
