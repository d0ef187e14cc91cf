import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAnsi, plainText } from "../src/log/ansi.ts";
import { contrast, dress, readable, toRgb } from "../src/log/colour.ts";

test("plain text is one span, an empty line none", () => {
  assert.deepEqual(parseAnsi("hello"), [{ text: "hello", look: {} }]);
  assert.deepEqual(parseAnsi(""), []);
});

test("colours begin and end", () => {
  assert.deepEqual(parseAnsi("a\x1b[31mb\x1b[0mc"), [
    { text: "a", look: {} },
    { text: "b", look: { fore: 1 } },
    { text: "c", look: {} },
  ]);
});

test("several codes in one sequence, bright colours, backgrounds", () => {
  assert.deepEqual(parseAnsi("\x1b[1;4;92;103mx"), [{ text: "x", look: { bold: true, underline: true, fore: 10, back: 11 } }]);
});

test("each attribute has its end", () => {
  assert.deepEqual(parseAnsi("\x1b[1;2;3;4;7;9;31;41mx\x1b[22;23;24;27;29;39;49my").at(-1), { text: "y", look: {} });
});

test("an empty parameter is a reset", () => {
  assert.deepEqual(parseAnsi("\x1b[31ma\x1b[mb").at(-1), { text: "b", look: {} });
});

test("256 colours and true colours, with semicolons and with colons", () => {
  assert.deepEqual(parseAnsi("\x1b[38;5;208mx")[0]?.look, { fore: 208 });
  assert.deepEqual(parseAnsi("\x1b[48;2;1;2;3mx")[0]?.look, { back: [1, 2, 3] });
  assert.deepEqual(parseAnsi("\x1b[38:2:9:8:7mx")[0]?.look, { fore: [9, 8, 7] });
  assert.deepEqual(parseAnsi("\x1b[38;5;208;1mx")[0]?.look, { fore: 208, bold: true });
});

test("broken colours are ignored, not guessed", () => {
  assert.deepEqual(parseAnsi("\x1b[38;5mx")[0]?.look, {});
  assert.deepEqual(parseAnsi("\x1b[38;5;999mx")[0]?.look, {});
  assert.deepEqual(parseAnsi("\x1b[38;2;1;2mx")[0]?.look, {});
  assert.equal(plainText("\x1b[38;2;1;2"), "");
});

test("cursor moves, titles, links and bells leave no trace", () => {
  assert.equal(plainText("\x1b[2J\x1b[10;10Hmoved\x07"), "moved");
  assert.equal(plainText("\x1b]0;title\x07text"), "text");
  assert.equal(plainText("\x1b]8;;https://example.com\x1b\\link\x1b]8;;\x1b\\"), "link");
  assert.equal(plainText("\x1b(Btext\x1b[?25l\x1b=\x1b7"), "text");
  assert.equal(plainText("a\x00b\x85c\x7f"), "abc");
});

test("tabs stay", () => {
  assert.equal(plainText("a\tb"), "a\tb");
});

test("a carriage return writes the line again", () => {
  assert.equal(plainText("10 %\r55 %\r100 %"), "100 %");
  assert.equal(plainText("done\r"), "done");
  assert.equal(plainText("done\r\x1b[0m"), "done");
  assert.deepEqual(parseAnsi("\x1b[32mold\rnew"), [{ text: "new", look: { fore: 2 } }]);
});

test("markup is text", () => {
  assert.equal(plainText("\x1b[31m<b>\x1b[0m</b>"), "<b></b>");
});

test("every colour can be read on its ground", () => {
  for (const scheme of ["light", "dark"] as const) {
    const ground = scheme === "light" ? ([251, 252, 253] as const) : ([12, 17, 21] as const);
    for (let n = 16; n < 256; n++) {
      const color = dress({ fore: n }, scheme).style?.color ?? "";
      const [r, g, b] = color.match(/\d+/g)!.map(Number) as [number, number, number];
      assert.ok(contrast([r, g, b], [...ground]) >= 4.5, `${scheme} ${n} ${color}`);
    }
  }
  for (let fore = 0; fore < 256; fore += 3) {
    for (let back = 0; back < 256; back += 7) assert.ok(contrast(readable(toRgb(fore), toRgb(back)), toRgb(back)) >= 4.5, `${fore} on ${back}`);
  }
});
