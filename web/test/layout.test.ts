import assert from "node:assert/strict";
import { test } from "node:test";
import { Layout, Scroller } from "../src/log/layout.ts";

test("rows stand one below the other", () => {
  const layout = new Layout(20);
  layout.lines = 1000;
  assert.equal(layout.height, 20000);
  assert.equal(layout.top(10), 200);
  assert.equal(layout.lineAt(199), 9);
  assert.equal(layout.lineAt(200), 10);
  assert.equal(layout.lineAt(1e9), 999);
  assert.equal(layout.lineAt(-5), 0);
});

test("measured lines push the rest down", () => {
  const layout = new Layout(20);
  layout.lines = 100;
  assert.equal(layout.measured(5, 60), 40);
  assert.equal(layout.measured(5, 60), 0);
  assert.equal(layout.measured(50, 40), 20);
  assert.equal(layout.top(5), 100);
  assert.equal(layout.top(6), 160);
  assert.equal(layout.height, 2060);
  assert.equal(layout.lineAt(155), 5);
  assert.equal(layout.lineAt(160), 6);
  assert.equal(layout.measured(5, 20), -40);
  assert.equal(layout.height, 2020);
  layout.forgetHeights();
  assert.equal(layout.height, 2000);
});

test("an empty log has no height", () => {
  const layout = new Layout(20);
  assert.equal(layout.height, 0);
  assert.equal(layout.lineAt(0), 0);
});

test("a short log scrolls pixel by pixel", () => {
  const scroller = new Scroller(new Layout(20));
  scroller.layout.lines = 1000;
  scroller.height = 400;
  assert.equal(scroller.barHeight, 20000);
  assert.equal(scroller.moved(123), 123);
  assert.equal(scroller.top, 123);
  assert.equal(scroller.bar, 123);
});

test("in a log too tall for the browser small steps are exact and large ones in proportion", () => {
  const scroller = new Scroller(new Layout(20));
  scroller.layout.lines = 1_000_000;
  scroller.height = 600;
  assert.equal(scroller.barHeight, 8_000_000);
  scroller.moved(4_000_000);
  assert.ok(Math.abs(scroller.top - 10_000_000) < 1000);
  const before = scroller.top;
  assert.equal(scroller.moved(4_000_100), 100);
  assert.equal(scroller.top, before + 100);
  scroller.moved(8_000_000 - 600);
  assert.equal(scroller.top, scroller.topMax);
  scroller.moved(0);
  assert.equal(scroller.top, 0);
});

test("a bar pulled up is told from a log that became shorter", () => {
  const scroller = new Scroller(new Layout(20));
  scroller.layout.lines = 1000;
  scroller.height = 400;
  scroller.top = scroller.topMax;
  scroller.placed(scroller.bar);
  assert.equal(scroller.isPulledUp(19600, 19600), false);
  assert.equal(scroller.isPulledUp(19500, 19600), true);
  assert.equal(scroller.isPulledUp(9600, 9600), false);
});

test("putting the bar right is no movement", () => {
  const scroller = new Scroller(new Layout(20));
  scroller.layout.lines = 1_000_000;
  scroller.height = 600;
  scroller.top = 10_000_000;
  scroller.placed(Math.round(scroller.bar));
  assert.equal(scroller.moved(Math.round(scroller.bar)), 0);
});
