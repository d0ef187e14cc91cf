import assert from "node:assert/strict";
import { test } from "node:test";

// The module reads the address when it is loaded, as in a browser.
(globalThis as Record<string, unknown>).location = { pathname: "/" };
const { parsePath, paths } = await import("../src/router.ts");

test("every address and back", () => {
  assert.deepEqual(parsePath("/"), { page: "overview" });
  assert.deepEqual(parsePath("/runners"), { page: "runners" });
  assert.deepEqual(parsePath("/settings"), { page: "settings" });
  assert.deepEqual(parsePath(paths.pipeline("shop")), { page: "pipeline", name: "shop" });
  assert.deepEqual(parsePath(paths.execution("a/b c", "1-2")), { page: "execution", name: "a/b c", id: "1-2" });
  assert.deepEqual(parsePath(paths.action("shop", "1", "Über", "a#b?c")), { page: "action", name: "shop", id: "1", stage: "Über", action: "a#b?c" });
});

test("what is no address", () => {
  for (const path of ["/nowhere", "/runners/x", "/pipelines/x/y", "/pipelines/x/executions/1/2", "/pipelines/x/executions/1/2/3/4", "/%zz"]) assert.equal(parsePath(path).page, "unknown", path);
});
