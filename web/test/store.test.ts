import assert from "node:assert/strict";
import { test } from "node:test";
import { LogStore, looksLikeError, type FetchPage } from "../src/log/store.ts";

function server(total: number, closed = true): { fetch: FetchPage; asked: [number, number][] } {
  const asked: [number, number][] = [];
  const fetch: FetchPage = async ({ from, count }) => {
    asked.push([from, count]);
    const end = Math.min(from + Math.min(count, 2000), total);
    const lines = [];
    for (let n = from; n < end; n++) lines.push({ n, t: n, text: n === 4321 ? "error: here" : `line ${n}` });
    return { logId: "x", from, lines, total, closed };
  };
  return { fetch, asked };
}

const arrived = async (store: LogStore, line: number) => {
  while (!store.line(line)) await new Promise((wake) => setTimeout(wake));
};

test("reads only what is needed, once", async () => {
  const { fetch, asked } = server(100000);
  const store = new LogStore(fetch);
  await store.start();
  assert.equal(store.total.value, 100000);
  store.need(50010, 50060);
  store.need(50020, 50070);
  await arrived(store, 50060);
  store.need(50010, 50060);
  assert.deepEqual(asked, [[0, 500], [50000, 500]]);
  store.stop();
});

test("a view across two pages reads both", async () => {
  const { fetch, asked } = server(2000);
  const store = new LogStore(fetch);
  await store.start();
  store.need(990, 1010);
  await arrived(store, 990);
  await arrived(store, 1010);
  assert.deepEqual(asked, [[0, 500], [500, 500], [1000, 500]]);
});

test("memory stays bounded", async () => {
  const { fetch } = server(1_000_000);
  const store = new LogStore(fetch);
  await store.start();
  for (let page = 0; page < 300; page++) {
    store.need(page * 500, page * 500 + 10);
    await arrived(store, page * 500);
  }
  assert.ok(store.loaded <= 130 * 500, String(store.loaded));
  assert.ok(store.line(299 * 500));
  assert.equal(store.line(500), undefined);
});

test("follows the end until the log is closed", async () => {
  let total = 3;
  let closed = false;
  const store = new LogStore(async ({ from, wait }) => {
    if (wait) {
      if (total < 9) total += 3;
      else closed = true;
    }
    const lines = [];
    for (let n = from; n < total; n++) lines.push({ n, t: n, text: `line ${n}` });
    return { logId: "x", from, lines, total, closed };
  });
  await store.start();
  await store.follow();
  assert.equal(store.total.value, 9);
  assert.equal(store.closed.value, true);
  assert.equal(store.line(8)?.text, "line 8");
});

test("a scan sees every line in order and can stop", async () => {
  const { fetch } = server(5000);
  const store = new LogStore(fetch);
  await store.start();
  let next = 0;
  let found = -1;
  await store.scan(
    (line) => {
      assert.equal(line.n, next++);
      if (looksLikeError(line.text)) found = line.n;
      return found < 0;
    },
    () => undefined,
    new AbortController().signal,
  );
  assert.equal(found, 4321);
});

test("a failed reading is told, and forgotten when it works again", async () => {
  let broken = true;
  const { fetch } = server(10);
  const store = new LogStore((query, abort) => (broken ? Promise.reject(new Error("no")) : fetch(query, abort)));
  await store.start();
  assert.equal(store.trouble.value, "no");
  broken = false;
  await store.start();
  assert.equal(store.trouble.value, null);
});

test("what looks like an error", () => {
  for (const text of ["error: x", "src/a.c:1:2: error: expected ';'", "  AssertionError [ERR_ASSERTION]: no", "make: *** [all] Error 2", "Traceback (most recent call last):", "npm ERR! code 1", "✖ prices", "FAIL src/a.test.js", "fatal: not a git repository", "java.lang.NullPointerException", "sh: foo: command not found"])
    assert.ok(looksLikeError(text), text);
  for (const text of ["0 errors", "no errors found", "errors: 0", "terror", "error_handler.c compiled", "compiling error-page.html", "ℹ fail 0", "12 passed, 0 failed"]) assert.ok(!looksLikeError(text), text);
});
